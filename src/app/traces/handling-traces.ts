import type { ConsumerDeps } from '../../inbox/consumer.ts';
import type { DeliveryGroup } from '../../inbox/queue.ts';
import { formatRef, keyOf, type IssueKey } from '../../issue/ref.ts';
import { inSpan, presentSpan, tellRoot, traceOf, type SpanContext } from '../../lib/spans.ts';

/** Issues whose last trace is remembered until it is published. */
const maxRemembered = 1_000;

/** Deliveries of a group that are told one by one: what waits for the collector is bounded. */
const maxTold = 100;

/**
 * Handles issues within the trace of the first delivery of each group, and remembers it for what is published of them.
 * The first span of a trace is its delivery, told when that is handled or given up. A delivery that was handled with an
 * earlier one has a trace of that span alone, with a link to the trace of the work.
 */
export function createHandlingTraces(now: () => number) {
  const last = new Map<string, SpanContext>();

  const around: ConsumerDeps['around'] = async (group, work) => {
    const [first] = group.deliveries;
    const parent = first && traceOf('delivery', first.id);
    const issue = refOf(group);
    const attributes = { ...issue, 'mosaic.deliveries': group.deliveries.length };
    const { isTold, end } = await inSpan(
      'handle issue',
      {
        ...{ parent, attributes },
        ended: (handled) => ({ 'mosaic.outcome': handled.end.outcome }),
        errorOf: (handled) => handled.end.error,
      },
      async () => ({ isTold: remember(group.issue), end: await work() }),
    );
    if (!isTold) return end;
    for (const { id, received_at: startedAt } of group.deliveries.slice(0, maxTold)) {
      const outcome = end.outcome === 'done' ? 'done' : end.dead.includes(id) ? 'dead' : undefined;
      if (outcome === undefined) continue;
      tellRoot('delivery', {
        ...{ startedAt, endedAt: now(), root: traceOf('delivery', id) },
        attributes: { ...issue, 'mosaic.delivery': id, 'mosaic.outcome': outcome },
        ...(parent === undefined || id === first?.id ? {} : { link: parent }),
      });
    }
    return end;
  };

  /** False without an exporter. */
  function remember(issue: IssueKey): boolean {
    const present = presentSpan();
    if (present === undefined) return false;
    const key = keyOf(issue);
    last.delete(key);
    last.set(key, present);
    const [oldest] = last.keys();
    if (last.size > maxRemembered && oldest !== undefined) last.delete(oldest);
    return true;
  }

  function published(issue: IssueKey, trace: SpanContext): void {
    if (last.get(keyOf(issue)) === trace) last.delete(keyOf(issue));
  }

  return { around, of: (issue: IssueKey) => last.get(keyOf(issue)), published };
}

/** A name of the issue that people search by; it is no word of a person. */
function refOf({ events, issue: { number } }: DeliveryGroup) {
  const repository = events.at(-1)?.issue.repository;
  return repository === undefined ? {} : { 'mosaic.issue': formatRef({ repository, number }) };
}
