import { expect, test } from 'vitest';

import { countQueries } from '../../support/count-queries.ts';
import { startWork } from '../../support/work.ts';
import { call, type HeldClaim } from '../../support/workers.ts';

/** Queries of the loop that looks for due deliveries: how often it looks depends on who wakes it. */
const looksForDue = /^select ("due_at"|"seq", "event_name"|"seq", "repository_id", "issue_number")/;

type Step = () => Promise<unknown>;

async function startCounting() {
  const queries = countQueries();
  const service = await startWork({ aroundDatabase: queries.aroundDatabase });
  /** The queries of a step: the fewest of some alike, since others look into the store meanwhile. */
  async function queriesOf(steps: readonly Step[]): Promise<string[]> {
    const lists: string[][] = [];
    for (const step of steps) {
      await service.idle();
      queries.take();
      await step();
      await service.idle();
      lists.push(queries.take().filter((query) => !looksForDue.test(query)));
    }
    return lists.sort((a, b) => a.length - b.length)[0] ?? [];
  }
  return { ...service, queriesOf };
}

const three = [1, 2, 3];

test('an event costs few queries, and so do a claim and its end', async () => {
  const { tell, held, queriesOf, ...service } = await startCounting();
  for (const number of three) await tell(number, { body: 'Blocked by #10' });
  const labelled = (label: string) => tell(11, { body: 'Blocked by #1', labels: [label] });
  const claims: HeldClaim[] = [];
  async function complete(held: HeldClaim, index: number) {
    const body = { commit: 'a'.repeat(40) };
    const ended = await call(service, `worker-${index + 1}`, { held, what: 'complete', body });
    expect(ended.status).toBe(200);
  }
  // One after the other, each with at most so many.
  const kinds: readonly [string, number, () => readonly Step[]][] = [
    ['a first sight', 33, () => three.map((n) => () => tell(10 + n, { body: 'Blocked by #1' }))],
    ['another label', 17, () => three.map((n) => () => labelled(`of ${n}`))],
    ['nothing new', 15, () => three.map(() => () => labelled('of 3'))],
    ['a closing', 31, () => three.map((n) => () => tell(10 + n, { open: false }))],
    ['a new issue that is ready', 29, () => three.map((n) => () => tell(20 + n))],
    ['a claim', 23, () => three.map((n) => async () => claims.push(await held(`worker-${n}`)))],
    ['a completion', 8, () => claims.map((claim, index) => () => complete(claim, index))],
  ];
  for (const [kind, most, steps] of kinds) {
    const queries = await queriesOf(steps());
    expect(queries.length, `${kind}:\n${queries.join('\n')}`).toBeGreaterThan(5);
    expect(queries.length, `${kind}:\n${queries.join('\n')}`).toBeLessThanOrEqual(most);
  }
});
