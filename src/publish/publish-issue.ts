import type { Transaction } from 'kysely';

import type { Database } from '../db/database.ts';
import type { Schema } from '../db/schema.ts';
import { LeadLost } from '../errors.ts';
import type { IssueAddress } from '../gitea/address.ts';
import type { Gitea } from '../gitea/client.ts';
import type { Plan } from '../issue/plan.ts';
import { parseRef } from '../issue/ref.ts';
import { noteInSpan } from '../lib/spans.ts';
import type { Logger } from '../log.ts';
import { findPlanOf } from '../plans/plan-views.ts';
import { commentText } from './comment/comment.ts';
import { asReadersSee, type CommentSetting } from './comment/subject.ts';
import {
  createStatusLabel,
  statusLabel,
  type LabelDefinition,
  type StatusLabelGitea,
} from './status-label.ts';
import { granted, Refused } from './refused.ts';
import { findVisibleRepositories } from './visible-repositories.ts';
import {
  findPublication,
  markPublished,
  storePublication,
  type DueIssue,
  type Publication,
} from './rows.ts';
import {
  createStickyComment,
  hashOf,
  maxDeletions,
  mayHaveComment,
  type StickyCommentGitea,
} from './sticky-comment.ts';
import { createWriteBudget, type Spend } from './write-budget.ts';

/** The calls to Gitea that publishing makes. */
export type PublishGitea = Pick<Gitea, 'locate'> & StickyCommentGitea & StatusLabelGitea;

/** The parts of a plan that people see on Gitea. */
export interface PublishedParts {
  readonly comment: boolean;
  readonly labels: boolean;
}

export interface PublishIssueDeps {
  readonly db: Database;
  /** Runs a short transaction. */
  readonly record: (work: (transaction: Transaction<Schema>) => Promise<void>) => Promise<void>;
  readonly gitea: PublishGitea;
  /** False: another replica publishes. Asked right before each write. */
  readonly isLeader: () => boolean;
  readonly publish: PublishedParts;
  readonly giteaUrl: string;
  /** Login of the bot that issues are assigned to; undefined: it is the user of the token. */
  readonly botUsername: string | undefined;
  /** Names of the agents that can be chosen. */
  readonly agents: readonly string[];
  /** Names of the labels that hold an issue back. */
  readonly holdLabels: readonly string[];
  readonly now: () => number;
  readonly log: Logger;
}

/** The comment and the label that an issue should have; undefined: that part is left as it is. */
interface DesiredParts {
  readonly comment: string | undefined;
  readonly label: { readonly value: LabelDefinition | undefined } | undefined;
}

interface PublishTask {
  readonly due: DueIssue;
  readonly plan: Plan;
  readonly desired: DesiredParts;
  readonly stored: Publication;
  /** Somebody may have changed our comment or label: read and compare them. */
  readonly verify: boolean;
}

/** Brings the comment and the label of one issue up to date with its plan. */
export function createPublishIssue(deps: PublishIssueDeps) {
  const { db, record, gitea, publish, giteaUrl, now, log } = deps;
  const budget = createWriteBudget(now);
  /** Right before each write: a process that stood still may have lost the lead since it read. */
  const spend: Spend = (issue, content) => {
    if (!deps.isLeader()) throw new LeadLost();
    budget(issue, content);
  };
  const account = createAccount(gitea);
  const putComment = createStickyComment({ ...gitea, getUser: account }, log, spend);
  const putLabel = createStatusLabel(gitea, spend);

  /** Throws `Refused`, `Storm` or `TryAgainLater`; the writes made until then are recorded. */
  return async function publishIssue(due: DueIssue, signal: AbortSignal): Promise<void> {
    const known = await findPlanOf({ db, giteaUrl }, due);
    if (known !== undefined) noteInSpan({ 'mosaic.issue': known.ref });
    const stored = await findPublication(db, due);
    const verify = due.verificationRequests > 0;
    // Nothing can be written to an archived repository; all is verified when it is unarchived.
    if (known !== undefined && !(await isArchived(db, due.repositoryId))) {
      const visible = await findVisibleRepositories(db, known);
      const plan = asReadersSee(known, visible);
      const comment = hasComment(plan, stored, publish)
        ? withLabelNote(plan, stored, commentText(plan, await settingFor(visible, signal)))
        : undefined;
      const label = publish.labels ? { value: labelOf(plan, stored) } : undefined;
      const desired = { comment, label };
      const isDone = isPublished(desired, stored);
      if (verify || !isDone) await write({ plan, stored, desired, verify, due }, signal);
      if (!isDone) log.info({ issue: plan.ref }, 'issue published');
    }
    const hasFailed = stored.attempts > 0 || stored.due_at !== null || stored.paused_until !== null;
    await record(async (transaction) => {
      if (hasFailed) await storePublication(transaction, due, noFailure);
      await markPublished(transaction, due);
    });
  };

  async function settingFor(
    visibleRepositories: ReadonlySet<string>,
    signal: AbortSignal,
  ): Promise<CommentSetting> {
    const { login: author } = await account(signal);
    const { botUsername: bot = author, agents, holdLabels } = deps;
    return { giteaUrl, author, bot, agents, holdLabels, visibleRepositories };
  }

  /**
   * The comment first: where it is refused, the label stays as it is beside the old comment. A refused label
   * is said in the comment, so that the two never contradict each other.
   */
  async function write(task: PublishTask, signal: AbortSignal): Promise<void> {
    const { due, plan, desired, stored, verify } = task;
    const { comment: body, label } = desired;
    if (body === undefined && label === undefined) return;
    const address = await locate(plan, signal);
    await recordIntent(task);
    const store = (changes: Partial<Publication>) =>
      record((transaction) => storePublication(transaction, due, changes));
    const storeComment = (changes: Partial<Publication>, before: Publication) => {
      const isNew = changes.comment_hash != null && changes.comment_hash !== before.comment_hash;
      return store(isNew ? { ...changes, comment_at: deps.now() } : changes);
    };
    const create = isTheBots(plan);
    if (body !== undefined && (verify || stored.comment_hash !== hashOf(body)))
      await storeComment(
        await putComment({ address, body, stored, verify, create }, signal),
        stored,
      );
    if (label === undefined || (!verify && hasLabel(stored, label.value))) return;
    const refusal = await refusalOf(putLabel(address, label.value, signal));
    const label_refused = refusal === undefined ? 0 : 1;
    await store(
      refusal === undefined
        ? {
            ...{ label: label.value?.name ?? null, label_uncertain: 0, label_refused },
            ...(hasLabel(stored, label.value) ? {} : { label_at: deps.now() }),
          }
        : { label_refused },
    );
    if (body !== undefined && label_refused !== stored.label_refused) {
      const now = await findPublication(db, due);
      const noted = withLabelNote(plan, now, body);
      await storeComment(
        await putComment({ address, body: noted, stored: now, verify: false, create }, signal),
        now,
      );
    }
    if (refusal !== undefined) throw refusal;
  }

  /**
   * Records, before the first write, that a comment or a label of ours may be there. After a crash right
   * behind that write, this is the only trace of it on an issue that is no longer the bot's.
   */
  async function recordIntent({ due, desired, stored }: PublishTask): Promise<void> {
    const comment = desired.comment !== undefined && !mayHaveComment(stored);
    const label = desired.label?.value !== undefined && !mayHaveLabel(stored);
    if (!comment && !label) return;
    const changes = {
      ...(comment ? { comment_uncertain: 1 } : {}),
      ...(label ? { label_uncertain: 1 } : {}),
    };
    await record((transaction) => storePublication(transaction, due, changes));
  }

  /** The repository may have been renamed, and its old name may belong to another repository. */
  async function locate(plan: Plan, signal: AbortSignal): Promise<IssueAddress> {
    const { repositoryId, number } = plan;
    const repository = parseRef(plan.ref)?.repository ?? '';
    return granted(await gitea.locate({ repositoryId, repository, number }, signal), 'the issue');
  }
}

async function refusalOf(write: Promise<void>): Promise<Refused | undefined> {
  try {
    await write;
    return undefined;
  } catch (error) {
    if (error instanceof Refused) return error;
    throw error;
  }
}

const labelNote = '\nThe label of this issue could not be changed: it does not count.\n';

/** The text with a line about a label that was refused, or without it. */
function withLabelNote({ reason }: Plan, { label_refused }: Publication, text: string): string {
  const bare = text.replace(labelNote, '');
  // Without access the comment says so already.
  return label_refused === 1 && reason.code !== 'no_access' ? `${bare}${labelNote}` : bare;
}

async function isArchived(db: Database, id: number): Promise<boolean> {
  const row = await db
    .selectFrom('repositories')
    .select('archived')
    .where('id', '=', id)
    .executeTakeFirst();
  return row?.archived === 1;
}

const noFailure = { attempts: 0, due_at: null, paused_until: null, error: null };

/** The account that our writes come from, asked for once. */
function createAccount({ getUser }: Pick<PublishGitea, 'getUser'>): PublishGitea['getUser'] {
  let known: Awaited<ReturnType<PublishGitea['getUser']>> | undefined;
  return async (signal) => {
    known ??= await getUser(signal);
    return known;
  };
}

function hasComment(plan: Plan, stored: Publication, publish: PublishedParts): boolean {
  return (
    publish.comment &&
    stored.comment_deletions < maxDeletions &&
    (mayHaveComment(stored) || isTheBots(plan))
  );
}

/** An issue that was closed when it was released, or never the bot's, gets no label. */
function labelOf(plan: Plan, stored: Publication): LabelDefinition | undefined {
  if (plan.state === 'done' && !mayHaveLabel(stored)) return undefined;
  return statusLabel(plan.state);
}

function isTheBots({ state }: Plan): boolean {
  return state !== 'done' && state !== 'released';
}

function isPublished({ comment, label }: DesiredParts, stored: Publication): boolean {
  return (
    (comment === undefined || stored.comment_hash === hashOf(comment)) &&
    (label === undefined || hasLabel(stored, label.value))
  );
}

function hasLabel(stored: Publication, label: LabelDefinition | undefined): boolean {
  return stored.label_uncertain === 0 && stored.label === (label?.name ?? null);
}

function mayHaveLabel({ label, label_uncertain: uncertain }: Publication): boolean {
  return label !== null || uncertain === 1;
}
