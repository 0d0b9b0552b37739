import { createHash } from 'node:crypto';

import { findHandoff } from '../claims/claim-rows.ts';
import { recomputeIssues } from '../claims/parking.ts';
import { LeadLost } from '../errors.ts';
import type { RepositoryAddress } from '../gitea/address.ts';
import type { Gitea } from '../gitea/client.ts';
import type { GiteaPull } from '../gitea/pull-schemas.ts';
import type { WriteResult } from '../gitea/replies.ts';
import { parseJson } from '../lib/text.ts';
import { isFeedback } from './feedback.ts';
import { ForgeRefusal, retryAt, type ForgeDeps, type PassResult } from './forge.ts';
import {
  checkIntervalMs,
  findProofOf,
  issuesToPublish,
  storePull,
  type IssueToPublish,
} from './pull-rows.ts';
import { pullBlock, pullTitle, withBlock } from './pull-text.ts';
import { countedGates } from './statuses.ts';

export interface PullRequestDeps extends ForgeDeps {
  readonly gitea: Pick<
    Gitea,
    'getPull' | 'listOpenPulls' | 'createPull' | 'editPullBody' | 'getBranch' | 'listBranches'
  >;
  readonly publicUrl: string | undefined;
  readonly wakePublisher: () => void;
}

/** Issues of one pass. */
const maxIssues = 10;

type Proof = NonNullable<Awaited<ReturnType<typeof findProofOf>>>;

/**
 * Opens the pull request of an issue whose commit passed, or finds the one that is there, and keeps our part of its
 * description up to date.
 *
 * Promises: one open pull request an issue, also after a crash: before one is opened, the open ones are looked through,
 * and Gitea refuses a second one of the same branch; that of a branch before is closed right after. What people wrote
 * above our part stays.
 *
 * Accepted race: what a person changes between our read and our write is overwritten.
 */
export function createPullRequests(deps: PullRequestDeps) {
  const { db, writes, gitea, now, log } = deps;

  /** Throws `TryAgainLater`. */
  async function pass(signal: AbortSignal): Promise<PassResult> {
    const issues = await issuesToPublish(db, { now: now(), limit: maxIssues });
    for (const issue of issues) {
      if (signal.aborted) return { more: false };
      await publishOrPostpone(issue, signal);
    }
    return { more: issues.length === maxIssues };
  }

  async function publishOrPostpone(issue: IssueToPublish, signal: AbortSignal): Promise<void> {
    try {
      await publish(issue, signal);
    } catch (error) {
      if (signal.aborted || error instanceof LeadLost) return;
      await postpone(issue, error);
      if (!(error instanceof ForgeRefusal)) throw error;
    }
  }

  async function publish(issue: IssueToPublish, signal: AbortSignal): Promise<void> {
    const commit = issue.commit ?? '';
    const proof = await findProofOf(db, issue, commit);
    if (proof === undefined) throw new ForgeRefusal(`No verification of ${commit} is stored.`);
    const branch = await branchOf(issue, proof, signal);
    const known = await knownPull(issue, branch, signal);
    if (known === 'closed') return;
    const block = await blockOf(issue, proof);
    const found = known ?? (await findOpen(issue, { branch, base: proof.base_branch }, signal));
    const pull =
      found ?? (await open(issue, { head: branch, base: proof.base_branch, block }, signal));
    const body = withBlock(pull.body, block);
    if (body !== pull.body)
      granted(await gitea.editPullBody({ ...addressOf(issue), pull: pull.number }, body, signal));
    await record(issue, { pull, branch, block, isAdopted: known === undefined && !!found });
  }

  /** The pull request that the store has, unless it is of another branch; `closed`: to be looked at first. */
  async function knownPull(
    issue: IssueToPublish,
    branch: string,
    signal: AbortSignal,
  ): Promise<GiteaPull | 'closed' | undefined> {
    if (issue.pull === null || issue.pullState !== 'open') return undefined;
    const reply = await gitea.getPull({ ...addressOf(issue), pull: issue.pull }, signal);
    if (reply.kind === 'ok' && reply.value.state === 'open')
      return reply.value.head.branch === branch ? reply.value : undefined;
    // People closed it: that is a decision, and no reason to open another one.
    await writes.transaction((transaction) =>
      storePull(transaction, issue, { check_at: now(), due_at: now() + checkIntervalMs }),
    );
    return 'closed';
  }

  async function findOpen(
    issue: IssueToPublish,
    { branch, base }: { readonly branch: string; readonly base: string },
    signal: AbortSignal,
  ): Promise<GiteaPull | undefined> {
    const reply = await gitea.listOpenPulls(addressOf(issue), signal);
    const pulls = reply.kind === 'ok' ? reply.value : [];
    return pulls.find(
      ({ head, ...pull }) => head.branch === branch && !head.isOfFork && pull.base === base,
    );
  }

  async function open(
    issue: IssueToPublish,
    { head, base, block }: { readonly head: string; readonly base: string; readonly block: string },
    signal: AbortSignal,
  ): Promise<GiteaPull> {
    const intent = {
      ...{ uncertain: 1, pull_number: null, former_pull: formerOf(issue) },
      ...{ branch: head, commit_id: issue.commit ?? '' },
    };
    await writes.transaction((transaction) => storePull(transaction, issue, intent));
    const wanted = { head, base, title: pullTitle(issue.title), body: block };
    const pull = granted(await gitea.createPull(addressOf(issue), wanted, signal));
    log.info(
      { ...addressOf(issue), issue: issue.number, pull: pull.number },
      'pull request opened',
    );
    return pull;
  }

  /** The branch that the agent named, or else the one that ends in the commit. */
  async function branchOf(
    issue: IssueToPublish,
    { branch, base_branch: base }: Proof,
    signal: AbortSignal,
  ): Promise<string> {
    const address = addressOf(issue);
    if (branch !== null && branch !== base) {
      const reply = await gitea.getBranch(address, branch, signal);
      if (reply.kind === 'ok') return branch;
    }
    const all = await gitea.listBranches(address, signal);
    const branches = all.kind === 'ok' ? all.value : [];
    const found = branches.find(
      ({ name, commit }) => name !== base && commit.id === (issue.commit ?? ''),
    );
    if (found !== undefined) return found.name;
    throw new ForgeRefusal(
      `No branch of ${issue.repository} ends in ${issue.commit}: push it to one, or open the pull request by hand.`,
    );
  }

  async function blockOf(issue: IssueToPublish, proof: Proof): Promise<string> {
    const row = await findHandoff(db, issue);
    const handoff = row?.handoff == null ? undefined : parseJson(row.handoff);
    const words = typeof handoff === 'string' ? handoff : JSON.stringify(handoff, null, 2);
    return pullBlock({
      ...{ issue: issue.number, commit: issue.commit ?? '', base: proof.base_commit },
      ...{ baseBranch: proof.base_branch, gates: countedGates(proof.gates) },
      page:
        deps.publicUrl === undefined ? undefined : `${deps.publicUrl}/verifications/${proof.id}`,
      handoff: handoff === undefined || isFeedback(handoff) ? undefined : words,
    });
  }

  async function record(
    issue: IssueToPublish,
    written: {
      readonly pull: GiteaPull;
      readonly branch: string;
      readonly block: string;
      readonly isAdopted: boolean;
    },
  ): Promise<void> {
    const { pull, branch, block, isAdopted } = written;
    const former = formerOf(issue) === pull.number ? null : formerOf(issue);
    await writes.transaction(async (transaction) => {
      await storePull(
        transaction,
        issue,
        {
          ...{ pull_number: pull.number, branch, state: 'open', uncertain: 0, unmergeable: 0 },
          ...{ commit_id: issue.commit ?? '', written_commit: issue.commit },
          ...{
            body_hash: createHash('sha256').update(block).digest('hex'),
            attempts: 0,
            due_at: 0,
          },
          ...{ error: null, former_pull: former, ended_at: null },
          ...(pull.number === issue.pull ? {} : { opened_at: isAdopted ? null : now() }),
          check_at: now() + (former === null ? checkIntervalMs : 0),
          // What was said before it was ours is not about our work.
          ...(isAdopted && pull.number !== issue.pull ? { seen_at: pull.updatedAt } : {}),
        },
        issue,
      );
      await recomputeIssues(transaction, [issue], now());
    });
    deps.wakePublisher();
  }

  async function postpone(issue: IssueToPublish, error: unknown): Promise<void> {
    const attempts = (issue.attempts ?? 0) + 1;
    const isRefused = error instanceof ForgeRefusal;
    if (isRefused && attempts === 1)
      log.warn({ ...addressOf(issue), issue: issue.number, err: error }, 'no pull request');
    const changes = { attempts, due_at: retryAt(now(), attempts, error) };
    await writes.transaction((transaction) =>
      storePull(transaction, issue, isRefused ? { ...changes, error: error.message } : changes),
    );
  }

  return { pass };
}

/** The open pull request of the issue that another one is about to replace. */
function formerOf({ former, pull, pullState }: IssueToPublish): number | null {
  return former ?? (pullState === 'open' ? pull : null);
}

export function addressOf({ repositoryId, repository }: RepositoryAddress): RepositoryAddress {
  return { repositoryId, repository };
}

function granted<T>(reply: WriteResult<T>): T {
  if (reply.kind === 'ok') return reply.value;
  throw new ForgeRefusal(
    reply.kind === 'missing'
      ? 'Gitea does not know the repository or the branch, or pull requests are switched off.'
      : `Gitea refuses a pull request (${reply.status}): ${reply.message}`,
  );
}
