import { expect } from 'vitest';

import type { Coordinator } from './coordinator.ts';
import { eventually } from './eventually.ts';
import type { IssueSeen } from './people.ts';
import { labelsOf, lookAtShown, openingOf, openings } from './expect-shown.ts';
import { bot, type World } from './world.ts';

/**
 * Waits until every issue of the repository is shown as it is on Gitea, worked out here from what people see:
 * open or closed, assigned or not, and what it waits for by its text and by Gitea. Resolves to the milliseconds
 * that took. Issues that were never the bot's have no comment.
 */
export function expectAllShown(
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
        const { state: reported, labels, comments } = await lookAtShown(world, coordinator, number);
        const says = comments.map(openingOf);
        const state = await stateOf(world, issue, issues);
        const isOurs = issue.state === 'open' && issue.assignees.includes(bot);
        const isShown = isOurs || comments.length > 0;
        const expected = {
          number,
          reported: isShown || reported !== undefined ? state : undefined,
          labels: isShown ? labelsOf(state) : [],
          says: isShown ? [openings[state]] : [],
        };
        return { expected, shown: { number, reported, labels, says } };
      }),
    );
    expect(rows.map(({ shown }) => shown)).toEqual(rows.map(({ expected }) => expected));
  });
}

async function stateOf(world: World, issue: IssueSeen, all: readonly IssueSeen[]): Promise<string> {
  if (issue.state === 'closed') return 'done';
  if (!issue.assignees.includes(bot)) return 'released';
  const named = [...issue.body.matchAll(/^Blocked by: #(\d+)$/gm)].map(([, number]) =>
    Number(number),
  );
  const open = new Set(all.filter(({ state }) => state === 'open').map(({ number }) => number));
  const onGitea = await world.maria.blockersOf(issue.number);
  const blocked =
    named.some((number) => open.has(number)) || onGitea.some(({ state }) => state === 'open');
  return blocked ? 'blocked' : 'ready';
}
