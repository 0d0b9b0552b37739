import { randomBytes } from 'node:crypto';

import type { CheckCommit } from '../claims/commit-check.ts';
import { createClaimTokens } from '../claims/token.ts';
import { readVersion, type Config } from '../config.ts';
import type { Database } from '../db/database.ts';
import type { Replica } from '../db/engine.ts';
import type { Gitea } from '../gitea/client.ts';
import type { IssueKey } from '../issue/ref.ts';
import { createLoop } from '../lib/loop.ts';
import { createRepeatedLines } from '../lib/repeated-lines.ts';
import { findRepository } from '../plans/repository-facts.ts';
import { verifyAgain } from '../verification/again.ts';
import type { VerificationDeps } from '../verification/deps.ts';
import { requeueOf, runningVerifiers } from '../verification/stops.ts';
import { createVerifications } from '../verification/verifications.ts';
import { createVerifierProcesses } from './verifier-processes.ts';

/** Interval of sweeps: a verifier that died is noticed within it after its lease. */
const sweepIntervalMs = 1_000;
/** Absence after which a replica is gone: one whose session PostgreSQL has ended is back within a second. */
const goneAfterMs = 5_000;

interface VerificationPartsDeps extends Omit<VerificationDeps, 'tokens' | 'version'> {
  readonly config: Config;
  readonly gitea: Gitea;
  readonly checkCommit: CheckCommit;
  readonly replica: Pick<Replica, 'id' | 'gone' | 'isLeader'>;
}

export type VerificationParts = NonNullable<ReturnType<typeof createVerificationParts>>;

/** Name of the verifiers that the service starts: no token in `API_TOKENS` can have it. */
const ownVerifiers = 'service:verifier';

/** The same with the id of the replica, where there are several: one that is gone leaves its own behind, no other's. */
function ownVerifierOf(replicaId: string): string {
  return replicaId === '' ? ownVerifiers : `${ownVerifiers}-${replicaId}`;
}

/** Who may verify: verifiers that the service starts, and tokens of others. */
export function canVerify({ verifiers, apiTokens, giteaToken }: Config): boolean {
  const isWanted = verifiers > 0 || apiTokens.some(({ role }) => role === 'verifier');
  // Without a token of Gitea there is no commit to see, and without one of the API nobody completes anything.
  return isWanted && giteaToken !== undefined && apiTokens.length > 0;
}

/** The queue of verifications, the verifiers that the service starts, and what the API needs of both. */
export function createVerificationParts(deps: VerificationPartsDeps) {
  const { config, gitea, checkCommit, replica, ...shared } = deps;
  const verifier = ownVerifierOf(replica.id);
  const tokens = createClaimTokens(config.webhookSecrets);
  const state = { ...shared, tokens, version: `mosaic-coordinator ${readVersion()}` };
  const verifications = createVerifications(state);
  // Known to nobody but the verifiers of this start.
  const token = randomBytes(32).toString('base64url');
  const processes = createVerifierProcesses({ ...config, log: deps.log, token });
  const lines = createRepeatedLines(deps.log);
  /** Since when replicas are away of which verifiers run something, by the monotonic clock. */
  const awaySince = new Map<string, number>();
  const loop = createLoop({
    step: async () => {
      await verifications.sweep();
      if (replica.isLeader()) await recoverGone();
      return sweepIntervalMs;
    },
    onError: (error) => {
      lines.error({ err: error }, 'sweep of verifications failed, retrying');
      return sweepIntervalMs;
    },
  });

  function requeue(gone: string): Promise<void> {
    return deps.writes.transaction((transaction) =>
      requeueOf(transaction, { verifier: gone, now: deps.now() }),
    );
  }

  /** What the verifiers of a replica ran that is gone is queued again, before their leases end. */
  async function recoverGone(): Promise<void> {
    const prefix = `${ownVerifiers}-`;
    const running = await runningVerifiers(deps.db, prefix);
    const away = await replica.gone(running.map((name) => name.slice(prefix.length)));
    for (const id of awaySince.keys()) if (!away.includes(id)) awaySince.delete(id);
    for (const id of away) {
      const since = awaySince.get(id) ?? performance.now();
      awaySince.set(id, since);
      if (performance.now() - since >= goneAfterMs) await requeue(ownVerifierOf(id));
    }
  }

  return {
    verifications,
    /** The token of the verifiers that the service starts, as a caller of the API. */
    caller: {
      ...({ name: verifier, role: 'verifier', token } as const),
      ...{ repositories: undefined, agents: undefined },
    },
    verifyAgain: (issue: IssueKey, caller: string, signal: AbortSignal) =>
      verifyAgain({ ...state, checkCommit }, { issue, caller }, signal),
    gitFetch: async (
      repositoryId: number,
      request: Omit<Parameters<Gitea['gitFetch']>[0], 'repository'>,
      signal: AbortSignal,
    ) => {
      const repository = await nameOf(deps.db, repositoryId);
      return repository === undefined
        ? undefined
        : gitea.gitFetch({ ...request, repository }, signal);
    },
    /** Before any call: what the verifiers of the last start ran is queued again. */
    recover: () => requeue(verifier),
    start: (url: string) => {
      loop.start();
      processes.start(url);
    },
    stop: () => Promise.all([loop.stop(), processes.stop()]),
  };
}

async function nameOf(db: Database, repositoryId: number): Promise<string | undefined> {
  return (await findRepository(db, repositoryId))?.full_name;
}
