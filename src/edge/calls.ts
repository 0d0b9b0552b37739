import type { PullHint } from '../issue/pull-hint.ts';
import type { IssueEvent } from '../issue/event.ts';
import type { limitConnections } from '../http/connections.ts';
import type { Check } from '../http/health.ts';
import type { WebhookCounts } from '../webhook/counts.ts';

/** What the edge knows of webhooks, for health. */
export interface EdgeReport {
  readonly webhook: ReturnType<WebhookCounts['read']>;
  readonly refusedInARow: number;
  readonly rejectedInARow: number;
  readonly lastTakenAt: number | undefined;
  readonly connections: ReturnType<ReturnType<typeof limitConnections>['check']>;
  /** Whether deliveries can be stored. */
  readonly intake: Check;
}

/** What the core asks of the edge. */
export interface EdgeCalls {
  readonly report: () => Promise<EdgeReport>;
  /** What the edge has measured, as text of Prometheus. */
  readonly metrics: () => Promise<string>;
  /** Deliveries up to this number were taken in. */
  readonly taken: (upTo: number) => void;
  /** The login of the account that the token belongs to: what it writes is ours. */
  readonly account: (login: string | undefined) => void;
}

/** What the edge asks of the core. */
export interface CoreCalls {
  /** Opens the store and begins the work; resolves with the socket on which the core serves everything else. */
  readonly start: () => Promise<{ readonly socketPath: string }>;
  /** Deliveries are taken at this address from now on. */
  readonly listening: (url: string) => void;
  /** Deliveries were stored. */
  readonly arrived: () => void;
  readonly duplicate: (event: IssueEvent, bodyHash: string) => Promise<void>;
  readonly pullHint: (hint: PullHint) => Promise<void>;
  readonly ping: () => void;
  /** Begins to close: nobody waits for work any more. */
  readonly drain: () => void;
  /** Resolves when all work has ended and all that was accepted is taken in. */
  readonly finish: () => Promise<void>;
  /** Closes the store. */
  readonly close: () => Promise<void>;
}
