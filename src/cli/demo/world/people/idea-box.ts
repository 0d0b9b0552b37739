import { issueOf } from '../backlog.ts';
import { issuesIn } from '../api.ts';
import { largeSketch, newSketch } from '../ideas.ts';
import { someone, type Habits } from './habits.ts';

/** Issues that are ready, below which people think of new ones. */
const wantedReady = 4;
/** Share of ideas that no agent can take, and of those that wait for another issue. */
const shares = { large: 0.04, waiting: 0.3 };

/** Somebody has an idea while there is little to do. */
export function createIdeas({ api, dice, acts, state, isOpen, pace }: Habits) {
  let opened = 0;

  return async function supply(): Promise<void> {
    const ready = await issuesIn(api, 'ready');
    const missing = wantedReady - ready.length;
    if (missing <= 0) return;
    // What is nearly done: whoever waits for it does not wait for ever.
    const near = [...ready, ...(await issuesIn(api, 'in_review'))].map(({ ref }) => ref);
    for (let done = 0; done < Math.min(missing, pace()); done += 1)
      if (dice.chance(0.5)) await openOne(near);
  };

  async function openOne(near: readonly string[]): Promise<void> {
    opened += 1;
    const { name } = dice.pick(state.repositories);
    if (isOpen() && dice.chance(shares.large)) {
      await acts.openIssue(name, someone(dice), issueOf(largeSketch(dice, opened)));
      return;
    }
    const own = near.filter((ref) => ref.startsWith(`${name}#`));
    const waits = own.length > 0 && dice.chance(shares.waiting);
    const after = waits ? dice.pick(own).slice(name.length) : undefined;
    await acts.openIssue(name, someone(dice), issueOf(newSketch(dice, opened, after)));
  }
}
