import type { Generated, Selectable } from 'kysely';

import type { NoticesTable, NotifyTargetsTable, ToldTable } from './notification-tables.ts';
import type {
  CommitStatusesTable,
  PullRequestsTable,
  VerificationsTable,
} from './verification-tables.ts';

/**
 * "`blocked` waits for `blocker`", declared in the issue `declared_*`. An end in a repository of which
 * only the name is known has no id yet: the name stands in `unresolved_name` (lower case).
 */
export interface EdgesTable {
  id: Generated<number>;
  declared_repository_id: number;
  declared_number: number;
  blocked_repository_id: number | null;
  blocked_number: number;
  blocker_repository_id: number | null;
  blocker_number: number;
  unresolved_name: string | null;
  source: string;
  evidence: string;
  /** Why Gitea showed nothing of the other end when it was looked up; null: it did, or was not asked. */
  missing: Generated<'missing' | 'unreadable' | null>;
  /** Since when, epoch milliseconds. */
  missing_since: Generated<number | null>;
  /** 1: a person resumed the issue although this blocker was closed without a merge. */
  waived: Generated<number>;
  /** 1: it ends with the merge of the blocker's work, not with the blocker. */
  until_merge: Generated<number>;
  /** 1: the blocker is a parent of the issue, which ends when its parts end: it blocks nothing. */
  from_parent: Generated<number>;
}

/** "The issue is a part of its parent", as the part says; the parent's id may be unknown like an edge's end. */
export interface ParentsTable {
  repository_id: number;
  number: number;
  parent_repository_id: number | null;
  parent_number: number;
  unresolved_name: string | null;
}

/** A dependency that blocks nothing until a person decides, as the issue's text has it; `place` is its order. */
export interface ProposalsTable {
  repository_id: number;
  number: number;
  place: number;
  /** Null, with the name in `unresolved_name`, like an edge's end. */
  other_repository_id: number | null;
  other_number: number;
  unresolved_name: string | null;
  direction: 'blocked_by' | 'blocks';
  standing: 'proposed' | 'disputed';
  evidence: string;
}

/** A code such as COORD-005: in the title of an issue, or in the text of one that is planned. */
export interface CodesTable {
  repository_id: number;
  code: string;
  number: number;
}

export interface Schema {
  /** What Claude said, by a hash of model, prompt, schema, agents and text. */
  model_answers: {
    key: string;
    answer: string;
    stored_at: number;
  };
  /** One webhook POST. `event` and `body` hold what we understood; `raw` the bytes of what we did not. */
  deliveries: {
    seq: Generated<number>;
    id: string;
    /** `waiting` is shown as pending (due) or scheduled (its time is to come). */
    status: 'waiting' | 'done' | 'dead' | 'rejected';
    /** Name in the event header, unsigned. */
    event_name: string;
    kind: string | null;
    repository_id: number | null;
    issue_number: number | null;
    /** `updated_at` of the snapshot, epoch milliseconds. */
    snapshot_at: number | null;
    /** JSON of the event without the issue's text. */
    event: string | null;
    body: string | null;
    /** Base64 of the request body, kept only while it has not been understood. */
    raw: string | null;
    raw_size: number;
    body_hash: string;
    received_at: number;
    due_at: number;
    attempts: number;
    handled_at: number | null;
    error: string | null;
  };
  repositories: {
    id: number;
    full_name: string;
    lower_name: string;
    /** `updated_at` of the snapshot the name was last seen in: repositories get renamed. */
    named_at: number;
    /** Who may see it; null: nobody has said so yet. */
    visibility: 'public' | 'limited' | 'private' | null;
    archived: Generated<number>;
    /** 0: the bot may not read it, or not write in it. */
    access: Generated<number>;
    /** 1: a write was refused; that the bot may read proves nothing then. */
    write_refused: Generated<number>;
    /** Whether the bot may push, by Gitea's last answer; null: not asked. */
    can_push: number | null;
    /** Time of the report from which `visibility` and `archived` come; -1: none. */
    facts_at: Generated<number>;
    /** When Gitea was last asked about it, epoch milliseconds; null: never. */
    checked_at: number | null;
  };
  /** Every name a repository was ever seen under: texts go on using the old ones. */
  repository_names: {
    repository_id: number;
    lower_name: string;
    /** `updated_at` of the newest snapshot with this name. */
    named_at: number;
  };
  issues: {
    repository_id: number;
    number: number;
    title: string;
    body_cut: number;
    open: number;
    deleted: number;
    assigned: number;
    assignees: string;
    labels: string;
    snapshot_at: number;
    /** Name of the repository in that snapshot: what the text means by its own repository. */
    snapshot_repository: string;
    labels_at: number;
    reading: string | null;
    estimate: string | null;
    assignment: string | null;
    /** Warnings of reading and assignment; those that follow from the graph are in `warnings`. */
    own_warnings: string;
    warnings: string;
    state: string;
    /** A code with its params as JSON, see `issue/reasons.ts`; empty for a deleted issue. */
    reason_code: string;
    reason_params: string;
    /** Since when it is ready, epoch milliseconds; null in any other state. */
    ready_at: number | null;
    /** Its place among the ready issues, the smallest first; null in any other state. */
    queue_key: number | null;
    /** Number of open issues that wait for it, directly or through others, up to a limit. */
    unblocks: number;
    /** Equal for all issues of one tangle of cycles; null outside cycles. */
    cycle_key: string | null;
    changed_at: number;
    /** Name of the agent in `assignment`, for finding work by it. */
    agent: string | null;
    /** Failed attempts since a person last changed or resumed the issue. */
    attempts: Generated<number>;
    /** Why it is kept from the workers, whatever else decides its state; null: it is not. */
    parked_code: string | null;
    parked_params: string | null;
    /** Blockers set on Gitea that the bot may not read: no more than their number is known. */
    hidden_blockers: Generated<number>;
    /** Why the text could not be read; null for one that was read. */
    unreadable: Generated<string | null>;
    /** Grows with every change of what people are shown of it. */
    revision: Generated<number>;
    /** The revision last published. */
    published: Generated<number>;
    /** Requests to verify our comment and label on Gitea since they were last verified. */
    verification_requests: Generated<number>;
    /** Of a pull request: 1 once it was merged; null: an issue, or a pull request of which nothing is known. */
    merged: Generated<number | null>;
    /** The label of a person that keeps it from the workers. */
    held_by: Generated<string | null>;
    /** A pull request that refers to the issue and was open when the issue was closed. */
    open_pull_repository_id: Generated<number | null>;
    open_pull_number: Generated<number | null>;
    /** Verifications that failed, and reviews that asked for changes, since a person last changed the issue. */
    gate_failures: Generated<number>;
    review_rounds: Generated<number>;
    /** The commit that passed its gates and waits for a person's merge. */
    verified_commit: Generated<string | null>;
    /** What agents spent on it since a person last changed it. */
    spent_tokens: Generated<number>;
    spent_usd: Generated<number>;
    /** JSON of the params of its warning `budget_nearly_used`; null: it has none. */
    budget_warning: Generated<string | null>;
  };
  /**
   * The text of an issue's snapshot, kept while the issue is assigned to the bot; without a row it is only
   * to be found in a delivery.
   */
  issue_texts: {
    repository_id: number;
    number: number;
    body: string;
  };
  edges: EdgesTable;
  parents: ParentsTable;
  proposals: ProposalsTable;
  /** The agents of the last start, enabled or not: texts were read with their names in mind. */
  known_agents: {
    name: string;
  };
  issue_codes: CodesTable;
  code_mentions: CodesTable;
  /** A worker's lease on one issue; live until `ended_at` is set, which happens once. */
  claims: {
    id: string;
    repository_id: number;
    number: number;
    /** The caller that holds it. */
    worker: string;
    agent: string;
    /** The likely size and the difficulty when it was handed out; null where the plan had none. */
    estimated: number | null;
    difficulty: string | null;
    /** Tokens that went into the issue before, in the claims whose handoffs lead to this one. */
    carried: Generated<number>;
    claimed_at: number;
    heartbeat_at: number;
    expires_at: number;
    /** 1: a start or a stop of the service made this lease longer, and no heartbeat has come since. */
    graced: Generated<number>;
    ended_at: number | null;
    outcome: 'released' | 'blocked' | 'completed' | 'expired' | 'withdrawn' | null;
    reason: string | null;
    commit_id: string | null;
    /** JSON the worker left for whoever claims the issue next; the newest of an issue only. */
    handoff: string | null;
    /** When that was written: a rotation writes one while the claim is live. */
    handoff_at: Generated<number | null>;
    /** Sessions of the agent that ended for a fresh one, with the claim going on. */
    rotations: Generated<number>;
    /** What the claim has cost so far: tokens processed, US dollars. */
    spent_tokens: Generated<number>;
    spent_usd: Generated<number>;
    /** 1: the dollars are computed from the tokens, because the worker has not told them. */
    spent_estimated: Generated<number>;
    /** JSON of the state of its context monitor; null: nothing was reported yet. */
    context: string | null;
    /** Of that state: most tokens ever in the window, and all that ever entered it. */
    peak: number | null;
    total: number | null;
    /** How it ended without a result; the values are `setbacks` in `claims/claim-rows.ts`. */
    setback: Generated<number>;
    /** SHA-256 of the call that ended it: the same call again gets the same answer. */
    end_hash: string | null;
    /** The verification that it waits for; its lease stands still until that ends. */
    verification_id: Generated<string | null>;
    /** How often a hook gave findings to its agent, and of which verification the last ones were. */
    findings_given: Generated<number>;
    findings_of: Generated<string | null>;
  };
  /** What each agent spent on a day (UTC, `2026-11-30`), over all issues. */
  daily_spending: {
    day: string;
    agent: string;
    tokens: number;
    usd: number;
  };
  verifications: VerificationsTable;
  commit_statuses: CommitStatusesTable;
  pull_requests: PullRequestsTable;
  /** A pause in the handing out of issues. */
  pauses: {
    /** Agent whose issues are held back; null for the whole service. */
    agent: string | null;
    /** Who may end it: a person, or the time at which an agent's allowance is back. */
    source: 'person' | 'limit';
    reason: string;
    paused_by: string;
    paused_at: number;
    /** Epoch milliseconds; null: until it is resumed. */
    until: number | null;
    /** The one caller that it concerns; null: all. */
    caller: string | null;
  };
  /** Answers to calls with an Idempotency-Key, without secrets. */
  idempotent_answers: {
    caller: string;
    route: string;
    key: string;
    body_hash: string;
    answer: string;
    stored_at: number;
  };
  told: ToldTable;
  notices: NoticesTable;
  notify_targets: NotifyTargetsTable;
  /** Somebody who is signed in to the pages. */
  sessions: {
    /** SHA-256 of what the cookie holds. */
    id_hash: string;
    /** The name of the token, or the login on Gitea. */
    caller: string;
    /** What it rests on, see `web/session/members.ts`: the session ends when that changes. */
    proof: string;
    began_at: number;
    expires_at: number;
  };
  /** What was written to Gitea about an issue, and how that went. */
  publications: {
    repository_id: number;
    number: number;
    /** Our comment, as far as it is known. */
    comment_id: number | null;
    /** 1 from right before the first write of a comment until its answer is recorded: one may be there. */
    comment_uncertain: number;
    /** SHA-256 of its text as we wrote it. */
    comment_hash: string | null;
    /** Name of our label on the issue, as far as it is known. */
    label: string | null;
    /** The same as for the comment. */
    label_uncertain: number;
    /** 1: our label could not be written, and the comment says so. */
    label_refused: Generated<number>;
    /** How often our comment was deleted since the issue was assigned: only the first time it is created again. */
    comment_deletions: number;
    /** Refusals in a row. */
    attempts: number;
    /** Not before, epoch milliseconds. */
    due_at: number | null;
    /** After too many writes in too short a time. */
    paused_until: number | null;
    /** Of the last refusal, for people. */
    error: string | null;
    /** When the comment and the label were written last, epoch milliseconds. */
    comment_at: Generated<number | null>;
    label_at: Generated<number | null>;
  };
  /** What the check of the store writes: one row for each connection, `main` and `deliveries`. */
  store_checks: {
    writer: string;
    checked_at: number;
    /** Bytes that nobody reads: the check writes as much as a delivery does. */
    filler: Uint8Array | null;
  };
  /** How far the comparing with Gitea has come: one row. */
  reconciliation: {
    id: number;
    /** Newest `updated_at` up to which all was compared, by Gitea's clock. */
    watermark: number | null;
    /** Last issue of the round that refreshes closed and foreign issues. */
    others_repository_id: number | null;
    others_number: number | null;
    passes: number;
    last_pass_at: number | null;
    differences: number;
    /** Changes that no webhook told of although the service was up. */
    missed: number;
  };
}

export type DeliveryRow = Selectable<Schema['deliveries']>;
export type ClaimRow = Selectable<Schema['claims']>;
export type VerificationRow = Selectable<VerificationsTable>;
export type PullRequestRow = Selectable<PullRequestsTable>;
export type IssueRow = Selectable<Schema['issues']>;
export type PublicationRow = Selectable<Schema['publications']>;
