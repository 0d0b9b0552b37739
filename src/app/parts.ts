import type { FastifyInstance } from 'fastify';

import type { Claims } from '../claims/claims.ts';
import type { LongPolls } from '../claims/hand-out/long-poll.ts';
import type { Pauses } from '../claims/pauses.ts';
import type { Sweeper } from '../claims/sweeper.ts';
import type { Claude } from '../claude/client.ts';
import type { Config } from '../config.ts';
import type { Database } from '../db/database.ts';
import type { Engine } from '../db/engine.ts';
import type { WriteQueue } from '../db/write-queue.ts';
import type { EdgeReport } from '../edge/calls.ts';
import type { Gitea } from '../gitea/client.ts';
import type { Bot } from '../handling/bot-login.ts';
import type { GiteaState } from '../handling/gitea-state.ts';
import type { Consumer } from '../inbox/consumer.ts';
import type { Inbox } from '../inbox/inbox.ts';
import type { TakeIn } from '../db/spool/take-in.ts';
import type { Loop } from '../lib/loop.ts';
import type { Logger } from '../log.ts';
import type { Notifier } from '../notify/notifier.ts';
import type { Publisher } from '../publish/publisher.ts';
import type { Reconciler } from '../reconcile/reconciler.ts';
import type { ClockJumps } from './clock-jumps.ts';
import type { ForgeParts } from './forge.ts';
import type { Overrides } from './overrides.ts';
import type { Tracing } from './traces/tracing.ts';
import type { VerificationParts } from './verification.ts';
import type { WebhookCheck } from './webhook-check.ts';

/** The parts of the service; each function of this room takes the ones it needs. */
export interface Parts {
  readonly config: Config;
  readonly overrides: Overrides;
  readonly log: Logger;
  readonly now: () => number;
  readonly random: () => number;
  readonly run: RunState;
  readonly stopping: AbortController;
  readonly engine: Engine;
  readonly db: Database;
  readonly canStore: () => Promise<boolean>;
  readonly writes: WriteQueue;
  readonly inbox: Inbox;
  /** Moves what webhooks brought into the inbox. */
  readonly takeIn: TakeIn;
  /** Does so when something arrives. */
  readonly arrivals: Loop;
  readonly consumer: Consumer;
  readonly wakeConsumer: () => void;
  readonly wakePublisher: () => void;
  /** The bot whose issues are planned. */
  readonly bot: Bot;
  /** The user of the token, whose writes are ours. */
  readonly account: Bot;
  readonly longPolls: LongPolls;
  readonly clockJumps: ClockJumps;
  readonly sweeper: Sweeper;
  readonly claims: Claims;
  readonly pauses: Pauses;
  /** What the edge knows of webhooks and connections. */
  readonly edgeReport: () => Promise<EdgeReport>;
  readonly webhookCheck: WebhookCheck;
  readonly app: FastifyInstance;
  /** The clients and what needs them are undefined where the configuration leaves them out. */
  readonly gitea: Gitea | undefined;
  readonly claude: Claude | undefined;
  readonly giteaState: GiteaState | undefined;
  readonly publisher: Publisher | undefined;
  readonly notifier: Notifier | undefined;
  readonly reconciliation: Reconciler | undefined;
  readonly tracing: Tracing;
  readonly verification: VerificationParts | undefined;
  /** Statuses and pull requests; undefined where nothing is published or verified. */
  readonly forge: ForgeParts | undefined;
}

/** Since when the service listens (epoch milliseconds, undefined before), and whether it is closing. */
export interface RunState {
  listeningSince: number | undefined;
  draining: boolean;
}
