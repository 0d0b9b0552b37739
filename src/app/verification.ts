import { randomBytes } from 'node:crypto';

import type { CheckCommit } from '../claims/commit-check.ts';
import { createClaimTokens } from '../claims/token.ts';
import { readVersion, type Config } from '../config.ts';
import type { Database } from '../db/database.ts';
import type { Gitea } from '../gitea/client.ts';
import type { IssueKey } from '../issue/ref.ts';
import { createLoop } from '../lib/loop.ts';
import { createRepeatedLines } from '../lib/repeated-lines.ts';
import { findRepository } from '../plans/repository-facts.ts';
import { verifyAgain } from '../verification/again.ts';
import type { VerificationDeps } from '../verification/deps.ts';
import { requeueOf } from '../verification/stops.ts';
import { createVerifications } from '../verification/verifications.ts';
import { createVerifierProcesses } from './verifier-processes.ts';

/** Interval of sweeps: a verifier that died is noticed within it after its lease. */
const sweepIntervalMs = 1_000;

interface VerificationPartsDeps extends Omit<VerificationDeps, 'tokens' | 'version'> {
  readonly config: Config;
  readonly gitea: Gitea;
  readonly checkCommit: CheckCommit;
}

export type VerificationParts = NonNullable<ReturnType<typeof createVerificationParts>>;

/** Name of the verifiers that the service starts: no token in `API_TOKENS` can have it. */
const ownVerifier = 'service:verifier';

/** Who may verify: verifiers that the service starts, and tokens of others. */
export function canVerify({ verifiers, apiTokens, giteaToken }: Config): boolean {
  const isWanted = verifiers > 0 || apiTokens.some(({ role }) => role === 'verifier');
  // Without a token of Gitea there is no commit to see, and without one of the API nobody completes anything.
  return isWanted && giteaToken !== undefined && apiTokens.length > 0;
}

/** The queue of verifications, the verifiers that the service starts, and what the API needs of both. */
export function createVerificationParts(deps: VerificationPartsDeps) {
  const { config, gitea, checkCommit, ...shared } = deps;
  const tokens = createClaimTokens(config.webhookSecrets);
  const state = { ...shared, tokens, version: `mosaic-coordinator ${readVersion()}` };
  const verifications = createVerifications(state);
  // Known to nobody but the verifiers of this start.
  const token = randomBytes(32).toString('base64url');
  const processes = createVerifierProcesses({ ...config, log: deps.log, token });
  const lines = createRepeatedLines(deps.log);
  const loop = createLoop({
    step: async () => {
      await verifications.sweep();
      return sweepIntervalMs;
    },
    onError: (error) => {
      lines.error({ err: error }, 'sweep of verifications failed, retrying');
      return sweepIntervalMs;
    },
  });

  return {
    verifications,
    /** The token of the verifiers that the service starts, as a caller of the API. */
    caller: {
      ...({ name: ownVerifier, role: 'verifier', token } as const),
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
    recover: () =>
      deps.writes.transaction((transaction) =>
        requeueOf(transaction, { verifier: ownVerifier, now: deps.now() }),
      ),
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
