import type { Config } from '../config.ts';
import type { Database } from '../db/database.ts';
import type { Gitea } from '../gitea/client.ts';
import type { Bot } from '../handling/bot.ts';
import type { GiteaState } from '../handling/gitea-state.ts';
import type { WriteQueue } from '../db/write-queue.ts';
import type { Inbox } from '../inbox/inbox.ts';
import type { Consumer } from '../inbox/consumer.ts';
import type { Logger } from '../log.ts';
import type { Publisher } from '../publish/publisher.ts';
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

/** Tolerance for a webhook's time of arrival, since Gitea's clock and ours drift apart. */
const clockDriftMs = 600_000;

interface ReconciliationDeps {
  readonly db: Database;
  readonly writes: WriteQueue;
  readonly inbox: Inbox;
  readonly consumer: Consumer;
  readonly gitea: Gitea;
  readonly giteaState: GiteaState;
  readonly bot: Bot;
  readonly publisher: Publisher | undefined;
  readonly config: Pick<Config, 'reconcileIntervalSeconds'>;
  /** Since when webhooks can arrive, epoch milliseconds; undefined before the service listens. */
  readonly listeningSince: () => number | undefined;
  readonly now: () => number;
  readonly random: () => number;
  readonly log: Logger;
}

export type Reconciliation = ReturnType<typeof createReconciliation>;

/** Wires the reconciler: it puts into the inbox what no webhook reported. */
export function createReconciliation(deps: ReconciliationDeps) {
  const { db, writes, inbox, consumer, gitea, giteaState, bot, publisher, now, log } = deps;
  const skew = () => gitea.status().clockSkewMs ?? undefined;
  const giteaTime = (ours: number) => {
    const skewMs = skew();
    return skewMs === undefined ? undefined : ours + skewMs;
  };
  const runPass = createPass({
    searchIssues: gitea.searchIssues,
    currentFacts: giteaState.currentFacts,
    giteaDependenciesDiffer: giteaState.giteaDependenciesDiffer,
    bot: bot.find,
    tokenUser: async (signal) => {
      const { login } = await gitea.getUser(signal);
      if (bot.learn(login)) log.warn({ bot: login }, 'the bot was renamed on Gitea');
      return login;
    },
    store: {
      progress: () => findReconciliation(db),
      find: (issues) => findStored(db, issues),
      list: (which, after, limit) => listStored(db, { which, after, limit }),
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
      publisher?.wake();
    },
    giteaNow: () => giteaTime(now()),
    missed: createMissedWebhooks({
      upSince: () => {
        const since = deps.listeningSince();
        return since === undefined ? undefined : giteaTime(since);
      },
      wasReported: (change) => {
        const receivedSince = change.updatedAt - (skew() ?? 0) - clockDriftMs;
        return wasReported(db, { ...change, receivedSince });
      },
      log,
    }),
    log,
  });
  return createReconciler({
    runPass,
    intervalMs: deps.config.reconcileIntervalSeconds * 1_000,
    random: deps.random,
    log,
  });
}
