import type { Generated } from 'kysely';

/** The gates of one commit, run by a verifier; ended when `ended_at` is set, which happens once. */
export interface VerificationsTable {
  seq: Generated<number>;
  id: string;
  repository_id: number;
  number: number;
  /** Null: a person asked for it. */
  claim_id: string | null;
  worker: string | null;
  agent: string | null;
  asked_by: string;
  /** Full hash. */
  commit_id: string;
  branch: string | null;
  base_branch: string;
  state: 'queued' | 'running' | 'passed' | 'failed' | 'error';
  requested_at: number;
  /** Not before: it is tried again later after an error. */
  due_at: number;
  /** How often it ended with an error of ours. */
  attempts: Generated<number>;
  /** Of the verifier that runs it; each hand-out has another id. */
  lease_id: string | null;
  verifier: string | null;
  lease_expires_at: number | null;
  started_at: number | null;
  ended_at: number | null;
  /** Head of the base branch that it was merged onto, and the tree of that merge. */
  base_commit: string | null;
  tree: string | null;
  config_hash: string | null;
  environment: string | null;
  cause_code: string | null;
  cause_message: string | null;
  /** SHA-256 of the findings: equal for the same faults. */
  fingerprint: string | null;
  /** JSON of the gates, and the findings as text for the agent. */
  gates: string | null;
  findings: string | null;
  durations: string | null;
  /** JSON of the whole report, kept for the newest verifications only. */
  report: string | null;
  /** SHA-256 of the call that asked for it. */
  end_hash: string | null;
}

/** A status of a commit as it should stand on Gitea. */
export interface CommitStatusesTable {
  repository_id: number;
  commit_id: string;
  context: string;
  /** Order within the commit. */
  place: number;
  /** The issue. */
  number: number;
  state: 'pending' | 'success' | 'failure' | 'error';
  description: string;
  verification_id: string | null;
  /** 1: it stands on Gitea. */
  written: Generated<number>;
  /** Refusals in a row, when it is due again, and the last refusal for people. */
  attempts: Generated<number>;
  due_at: Generated<number>;
  error: string | null;
}

/** The pull request of an issue, one an issue. */
export interface PullRequestsTable {
  repository_id: number;
  /** The issue. */
  number: number;
  /** Null: not opened or found yet. */
  pull_number: number | null;
  /** The one of another branch that it replaces, until that is closed. */
  former_pull: number | null;
  branch: string;
  commit_id: string;
  state: 'open' | 'merged' | 'closed';
  /** 1 from right before it is opened until the answer is stored: it may be there. */
  uncertain: Generated<number>;
  /** SHA-256 of title and body as we wrote them, and the commit that they tell of. */
  body_hash: string | null;
  written_commit: string | null;
  /** Time of the newest review or comment that was acted on, epoch milliseconds by Gitea's clock. */
  seen_at: Generated<number>;
  /** How often in a row Gitea said that it cannot be merged. */
  unmergeable: Generated<number>;
  /** The head whose red checks of others were told to an agent. */
  red_commit: string | null;
  /** When we opened it, and when its end became known, epoch milliseconds; null: we did not, or it is open. */
  opened_at: Generated<number | null>;
  ended_at: Generated<number | null>;
  /** When Gitea is asked about it next; null: not. */
  check_at: number | null;
  attempts: Generated<number>;
  due_at: Generated<number>;
  error: string | null;
}
