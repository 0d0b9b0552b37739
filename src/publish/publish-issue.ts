import type { Transaction } from 'kysely';

import { commentText } from './comment/text.ts';
import type { Plan } from '../issue/plan.ts';
import { parseRef } from '../issue/ref.ts';
import { statusLabel, type StatusLabel } from './label-definitions.ts';
import type { Logger } from '../log.ts';
import type { Database } from '../db/database.ts';
import { findPlanOf } from '../plans/plan-views.ts';
import {
  findPublication,
  markPublished,
  storePublication,
  type DueIssue,
  type Publication,
} from './rows.ts';
import type { Schema } from '../db/schema.ts';
import type { IssueAddress } from '../gitea/address.ts';
import type { Gitea } from '../gitea/client.ts';
import { createStatusLabel, type StatusLabelGitea } from './status-label.ts';
import { granted, Refused } from './refused.ts';
import {
  commentToFind,
  createStickyComment,
  hashOf,
  type StickyCommentGitea,
} from './sticky-comment.ts';
import { createWriteBudget } from './write-budget.ts';

/** The calls to Gitea that publishing makes. */
export type PublishGitea = Pick<Gitea, 'locate'> & StickyCommentGitea & StatusLabelGitea;

/** What of it people see. */
export interface Published {
  readonly comment: boolean;
  readonly labels: boolean;
}

/** Runs a short transaction. */
export type Record = (work: (transaction: Transaction<Schema>) => Promise<void>) => Promise<void>;

export interface PublishIssueDeps {
  readonly db: Database;
  readonly record: Record;
  readonly gitea: PublishGitea;
  readonly publish: Published;
  readonly giteaUrl: string;
  readonly now: () => number;
  readonly log: Logger;
}

/** What should stand below an issue; undefined: nothing is done about it. */
interface Wanted {
  readonly comment: string | undefined;
  readonly label: { readonly value: StatusLabel | undefined } | undefined;
}

/** Brings what stands on Gitea about one issue to what its plan says. */
export function createPublishIssue(deps: PublishIssueDeps) {
  const { db, record, gitea, publish, giteaUrl, now, log } = deps;
  const { spend } = createWriteBudget(now);
  const comments = createStickyComment({ gitea, log, spend });
  const putLabel = createStatusLabel({ gitea, spend });

  /** Throws `Refused`, `Storm` or `TryAgainLater`; what was done until then is recorded. */
  return async function publishIssue(due: DueIssue, signal: AbortSignal): Promise<void> {
    const plan = await findPlanOf({ db, giteaUrl }, due);
    const known = await findPublication(db, due);
    const look = due.published < 0;
    if (plan !== undefined) {
      const wanted = wantedOf(plan, known, publish);
      if (look || !stands(wanted, known)) await act({ plan, known, wanted, look, due }, signal);
    }
    const over = known.attempts > 0 || known.due_at !== null || known.paused_until !== null;
    await record(async (transaction) => {
      if (over) await storePublication(transaction, due, untroubled);
      await markPublished(transaction, due);
    });
  };

  async function act(task: Task, signal: AbortSignal): Promise<void> {
    const { plan, known, wanted, look, due } = task;
    if (wanted.comment === undefined && wanted.label === undefined) return;
    const address = await locate(plan, signal);
    await announce(task);
    const refusals: Refused[] = [];
    const attempt = async (work: () => Promise<Partial<Publication>>) => {
      try {
        const changes = await work();
        await record((transaction) => storePublication(transaction, due, changes));
      } catch (error) {
        // A comment that is refused says nothing about the label.
        if (!(error instanceof Refused)) throw error;
        refusals.push(error);
      }
    };
    const { comment: body, label } = wanted;
    if (body !== undefined && (look || known.comment_hash !== hashOf(body)))
      await attempt(() =>
        comments.put({ address, body, known, look, create: isTheBots(plan) }, signal),
      );
    if (label !== undefined && (look || known.label !== (label.value?.name ?? null)))
      await attempt(async () => {
        await putLabel(address, label.value, signal);
        return { label: label.value?.name ?? null };
      });
    const [first] = refusals;
    if (first !== undefined) throw first;
  }

  /**
   * Noted before the first write: killed right after it, we would not know that something of ours may
   * stand below an issue that is no longer the bot's.
   */
  async function announce({ known, wanted, due }: Task): Promise<void> {
    const comment = wanted.comment !== undefined && known.comment_id === null;
    const label = wanted.label?.value !== undefined && known.label === null;
    if (!comment && !label) return;
    const changes = {
      ...(comment ? { comment_id: commentToFind } : {}),
      ...(label ? { label: labelToFind } : {}),
    };
    await record((transaction) => storePublication(transaction, due, changes));
  }

  /** The repository may go by another name, and its old one may have passed to another repository. */
  async function locate(plan: Plan, signal: AbortSignal): Promise<IssueAddress> {
    const { repositoryId, number } = plan;
    const repository = parseRef(plan.ref)?.repository ?? '';
    return granted(await gitea.locate({ repositoryId, repository, number }, signal), 'the issue');
  }
}

interface Task {
  readonly plan: Plan;
  readonly known: Publication;
  readonly wanted: Wanted;
  readonly look: boolean;
  readonly due: DueIssue;
}

const untroubled = { attempts: 0, due_at: null, paused_until: null, error: null };

/** May be there; unlike any name of a label. */
const labelToFind = '';

/** Deleted twice, the comment is not wanted below this issue. */
const unwanted = 2;

function wantedOf(plan: Plan, known: Publication, publish: Published): Wanted {
  const told =
    publish.comment && known.remade < unwanted && (known.comment_id !== null || isTheBots(plan));
  return {
    comment: told ? commentText(plan) : undefined,
    label: publish.labels ? { value: labelOf(plan, known) } : undefined,
  };
}

/** An issue that was released, or never the bot's, gets no label when it is closed. */
function labelOf(plan: Plan, known: Publication): StatusLabel | undefined {
  if (plan.state === 'done' && known.label === null) return undefined;
  return statusLabel(plan.state);
}

function isTheBots({ state }: Plan): boolean {
  return state !== 'done' && state !== 'released';
}

function stands({ comment, label }: Wanted, known: Publication): boolean {
  return (
    (comment === undefined || known.comment_hash === hashOf(comment)) &&
    (label === undefined || known.label === (label.value?.name ?? null))
  );
}
