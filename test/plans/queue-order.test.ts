import fc from 'fast-check';
import { expect, test } from 'vitest';

import { queueKey, type QueueFacts } from '../../src/plans/queue-order.ts';

const hourMs = 3_600_000;
const place = fc.record({
  readyAt: fc.nat(),
  labels: fc.array(fc.constantFrom('bug', 'priority/high', 'priority/medium', 'priority/low')),
  unblocks: fc.nat(1_000_000),
});

test('nothing starves: what became ready six days later never comes first', () => {
  fc.assert(
    fc.property(place, place, (first: QueueFacts, second: QueueFacts) => {
      const later = { ...second, readyAt: first.readyAt + (72 + 48 + 24) * hourMs + 1 };
      expect(queueKey(first)).toBeLessThan(queueKey(later));
    }),
  );
});

test('holding up one more issue never moves an issue back', () => {
  fc.assert(
    fc.property(place, (here) => {
      expect(queueKey({ ...here, unblocks: here.unblocks + 1 })).toBeLessThanOrEqual(
        queueKey(here),
      );
    }),
  );
});
