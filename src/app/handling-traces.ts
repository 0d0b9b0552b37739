import type { ConsumerDeps } from '../inbox/consumer.ts';
import { keyOf, type IssueKey } from '../issue/ref.ts';
import { inSpan, presentSpan, tellSpan, traceOf, type SpanContext } from '../lib/spans.ts';

/** Issues whose last trace is remembered: publishing follows within seconds. */
const maxRemembered = 1_000;

type Handle = ConsumerDeps['handle'];

/** Handles issues within the trace of their first delivery, and remembers it for what is published of them. */
export function createHandlingTraces(now: () => number) {
  const last = new Map<string, SpanContext>();

  function handled(handle: Handle): Handle {
    return (group, ...rest) => {
      const [first] = group.deliveries;
      const parent = first && traceOf('delivery', first.id);
      if (first !== undefined && parent !== undefined)
        tellSpan('inbox', { startedAt: first.received_at, endedAt: now(), parent });
      const attributes = { 'mosaic.deliveries': group.deliveries.length };
      return inSpan('handle issue', { parent, attributes }, () => {
        remember(group.issue);
        return handle(group, ...rest);
      });
    };
  }

  function remember(issue: IssueKey): void {
    const present = presentSpan();
    if (present === undefined) return;
    const key = keyOf(issue);
    last.delete(key);
    last.set(key, present);
    const [oldest] = last.keys();
    if (last.size > maxRemembered && oldest !== undefined) last.delete(oldest);
  }

  return { handled, traceOf: (issue: IssueKey) => last.get(keyOf(issue)) };
}
