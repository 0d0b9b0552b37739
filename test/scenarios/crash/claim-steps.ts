import type { KyselyPlugin } from 'kysely';

import type { WriteQueue } from '../../../src/db/write-queue.ts';

/** Steps of claims, each one transaction. It is recognised by a statement that no other step makes. */
const marks = {
  claim: 'insert into claims',
  heartbeat: '"heartbeat_at"',
  release: '"value":"released"',
  complete: '"value":"completed"',
  sweep: /"value":"expired"|"DeleteQueryNode".*"idempotent_answers"/,
} as const;
export type ClaimStep = keyof typeof marks;
const claimSteps: readonly ClaimStep[] = ['claim', 'heartbeat', 'release', 'complete', 'sweep'];

type Moment = 'before-commit' | 'after-commit';

/** Calls `pass` right before and right after the commit of every step. */
export function aroundSteps(
  writes: WriteQueue,
  pass: (point: `${Moment} ${ClaimStep}`) => void,
): WriteQueue {
  return {
    ...writes,
    transaction: async (work) => {
      const steps = new Set<ClaimStep>();
      const result = await writes.transaction(async (transaction) => {
        const written = await work(transaction.withPlugin(noteSteps(steps)));
        for (const step of steps) pass(`before-commit ${step}`);
        return written;
      });
      for (const step of steps) pass(`after-commit ${step}`);
      return result;
    },
  };
}

function noteSteps(steps: Set<ClaimStep>): KyselyPlugin {
  return {
    transformQuery: ({ node }) => {
      if (node.kind !== 'SelectQueryNode') {
        const statement = JSON.stringify(node);
        for (const step of claimSteps) if (statement.match(marks[step]) !== null) steps.add(step);
      }
      return node;
    },
    transformResult: ({ result }) => Promise.resolve(result),
  };
}
