import { describeError } from '../errors.ts';
import type { HeartbeatAnswer } from '../issue/claim-answers.ts';
import { LeaseLost } from '../lib/service-calls.ts';
import type { Logger } from '../log.ts';
import type { Spent } from './adapters/adapter.ts';
import type { ContextReport, HeldClaim, ServiceClient } from './service-client.ts';

/** Bounds of the interval of heartbeats, whatever the clocks of the two machines say about the lease. */
const minIntervalMs = 1_000;
const maxIntervalMs = 60_000;
/** Heartbeats in the time of one lease. */
const beatsPerLease = 10;

export interface LeaseOptions {
  readonly client: Pick<ServiceClient, 'heartbeat'>;
  readonly claim: HeldClaim;
  readonly leaseExpiresAt: string;
  /** What the agent uses now. */
  readonly report: () => {
    readonly context?: ContextReport | undefined;
    readonly spent?: Spent;
  };
  readonly onContext: (context: NonNullable<HeartbeatAnswer['context']>) => void;
  /** Called once, when the claim has ended without us. */
  readonly onLost: (error: LeaseLost) => void;
  readonly now: () => number;
  readonly log: Logger;
}

/** Sends heartbeats until disposed of, the first one at once, one at a time. */
export function holdLease(options: LeaseOptions): Disposable {
  const { client, claim, report, onContext, onLost, now, log } = options;
  let everyMs = intervalOf(options.leaseExpiresAt, now());
  let timer: NodeJS.Timeout | undefined;
  const ended = new AbortController();
  const beat = async () => {
    try {
      const { context, leaseExpiresAt } = await client.heartbeat(claim, report(), ended.signal);
      everyMs = intervalOf(leaseExpiresAt, now());
      if (context !== null) onContext(context);
    } catch (error) {
      if (ended.signal.aborted) return;
      if (error instanceof LeaseLost) {
        stop();
        onLost(error);
      } else log.warn({ cause: describeError(error) }, 'no answer to a heartbeat');
    }
  };
  async function keepBeating(): Promise<void> {
    const startedAt = performance.now();
    await beat();
    if (ended.signal.aborted) return;
    const leftMs = Math.max(0, startedAt + everyMs - performance.now());
    timer = setTimeout(() => void keepBeating(), leftMs);
  }
  void keepBeating();
  function stop(): void {
    clearTimeout(timer);
    ended.abort();
  }
  return { [Symbol.dispose]: stop };
}

function intervalOf(leaseExpiresAt: string, now: number): number {
  const everyMs = (Date.parse(leaseExpiresAt) - now) / beatsPerLease;
  return Math.min(maxIntervalMs, Math.max(minIntervalMs, everyMs));
}
