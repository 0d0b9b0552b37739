import type { Gitea } from '../gitea/client.ts';
import type { GiteaState } from '../handling/gitea-state.ts';
import type { RepositoryCheck } from '../handling/repository-check.ts';
import { listRepositoriesOfBot } from '../plans/repository-facts.ts';
import { listUnknownTargets } from '../plans/unknown-targets.ts';
import { requestVerificationOfAll } from '../publish/rows.ts';
import { createMissedWebhooks } from '../reconcile/missed-webhooks.ts';
import { createPass } from '../reconcile/pass.ts';
import { createReconciler } from '../reconcile/reconciler.ts';
import {
  countDifferences,
  findStored,
  findReconciliation,
  listStored,
  storePass,
  wasReported,
} from '../reconcile/rows.ts';
import type { Parts } from './parts.ts';

/** Tolerance for a webhook's time of arrival, since Gitea's clock and ours drift apart. */
const clockDriftMs = 600_000;

type ReconciliationParts = Pick<
  Parts,
  | ('config' | 'run' | 'engine' | 'db' | 'writes' | 'inbox' | 'consumer' | 'bot' | 'webhookCheck')
  | ('wakePublisher' | 'now' | 'random' | 'log')
>;

interface GiteaParts {
  readonly gitea: Gitea;
  readonly giteaState: GiteaState;
  readonly repositoryCheck: RepositoryCheck;
}

/** Wires the reconciler: it puts into the inbox what no webhook reported. */
export function createReconciliation(
  parts: ReconciliationParts,
  { gitea, giteaState, repositoryCheck }: GiteaParts,
) {
  const { db, writes, inbox, consumer, bot, now, log } = parts;
  const skew = () => gitea.status().clockSkewMs ?? undefined;
  const giteaTime = (ours: number) => {
    const skewMs = skew();
    return skewMs === undefined ? undefined : ours + skewMs;
  };
  const runPass = createPass({
    searchIssues: gitea.searchIssues,
    currentFacts: giteaState.currentFacts,
    giteaDependenciesDiffer: giteaState.giteaDependenciesDiffer,
    repositories: {
      list: (shutOnly, limit) => listRepositoriesOfBot(db, { shutOnly, limit }),
      check: repositoryCheck.check,
    },
    unknown: {
      list: (after, limit, all) => listUnknownTargets(db, { after, limit, all, now: now() }),
      createResolver: giteaState.createResolver,
    },
    bot: bot.find,
    tokenUser: async (signal) => {
      const { login } = await gitea.getUser(signal);
      if (bot.learn(login)) log.warn({ bot: login }, 'the bot was renamed on Gitea');
      return login;
    },
    store: {
      progress: () => findReconciliation(db),
      find: (issues) => findStored(db, issues),
      list: (which, after, limit) => listStored(db, which, { after, limit }),
      finish: (progress, { missed }) =>
        writes.run(() => storePass(db, { ...progress, missed, now: now() })),
    },
    add: async (events) => {
      const added = await writes.transaction(async (transaction) => {
        const found = await inbox.addDifferences(transaction, events, consumer.inWork());
        await countDifferences(transaction, found.length);
        return found;
      });
      consumer.wake();
      return added;
    },
    requestVerification: async () => {
      await writes.transaction(requestVerificationOfAll);
      parts.wakePublisher();
    },
    giteaNow: () => giteaTime(now()),
    missed: createMissedWebhooks({
      upSince: () => {
        const since = parts.run.listeningSince;
        return since === undefined ? undefined : giteaTime(since);
      },
      wasReported: (change) => {
        const receivedSince = change.updatedAt - (skew() ?? 0) - clockDriftMs;
        return wasReported(db, change, receivedSince);
      },
      log,
    }),
    log,
  });
  return createReconciler({
    runPass: async (wantsFull, signal) => {
      const outcome = await runPass(wantsFull, signal);
      await parts.webhookCheck.passEnded(outcome.missed);
      return outcome;
    },
    intervalMs: parts.config.reconcileIntervalSeconds * 1_000,
    elapsed: () => performance.now(),
    random: parts.random,
    isLeader: parts.engine.replica.isLeader,
    log,
  });
}
