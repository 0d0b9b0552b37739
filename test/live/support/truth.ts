import { expect } from 'vitest';

import type { Coordinator } from './coordinator.ts';
import { eventually } from './eventually.ts';
import type { IssueSeen } from './people.ts';
import { labelsOf, lookAtShown, openingOf, openings } from './shown.ts';
import { bot, type World } from './world.ts';

/**
 * Waits until every issue of the repository is shown as it is on Gitea, worked out here from what people see:
 * open or closed, assigned or not, and what it waits for by its text and by Gitea. Resolves to the milliseconds
 * that took. Issues that were never the bot's have no comment.
 */
export function expectTruth(
  world: World,
  coordinator: Coordinator,
  deadlineMs: number,
  except: readonly number[] = [],
): Promise<number> {
  return eventually(deadlineMs, async () => {
    const issues = await world.maria.lookAtAll();
    const looked = issues.filter(({ number }) => !except.includes(number));
    const rows = await Promise.all(
      looked.map(async (issue) => {
        const { number } = issue;
        const { state: told, labels, comments } = await lookAtShown(world, coordinator, number);
        const says = comments.map(openingOf);
        const state = await stateOf(world, issue, issues);
        const isOurs = issue.state === 'open' && issue.assignees.includes(bot);
        const isShown = isOurs || comments.length > 0;
        const truth = {
          number,
          told: isShown || told !== undefined ? state : undefined,
          labels: isShown ? labelsOf(state) : [],
          says: isShown ? [openings[state]] : [],
        };
        return { truth, stood: { number, told, labels, says } };
      }),
    );
    expect(rows.map(({ stood }) => stood)).toEqual(rows.map(({ truth }) => truth));
  });
}

async function stateOf(world: World, issue: IssueSeen, all: readonly IssueSeen[]): Promise<string> {
  if (issue.state === 'closed') return 'done';
  if (!issue.assignees.includes(bot)) return 'released';
  const named = [...issue.body.matchAll(/^Blocked by: #(\d+)$/gm)].map(([, number]) =>
    Number(number),
  );
  const open = new Set(all.filter(({ state }) => state === 'open').map(({ number }) => number));
  const native = await world.maria.blockersOf(issue.number);
  const blocked =
    named.some((number) => open.has(number)) || native.some(({ state }) => state === 'open');
  return blocked ? 'blocked' : 'ready';
}
