import { issuesIn } from '../api.ts';
import { findRepository } from '../gitea/state.ts';
import { filesOf } from '../verdict/source-files.ts';
import type { Habits } from './habits.ts';

/** Steps that an issue waits for its review at the least, and steps after which it is nobody's last one. */
const steps = { least: 10, last: 45 };
/** Issues in review of which one is seen to in every step. */
const many = 5;

/** People review what passed, and merge it. The last one waits for a while: a visitor may review it. */
export function createReviews({ api, dice, acts, state, tempers, patience }: Habits) {
  return async function review(): Promise<void> {
    const inReview = await issuesIn(api, 'in_review');
    let left = inReview.length;
    for (const { ref } of inReview) {
      const waited = patience.waited(ref);
      const isTime = waited >= steps.least && (left > 1 || waited >= steps.last);
      if (!isTime || !(left > many || dice.chance(0.3))) continue;
      const pull = pullOf(ref);
      if (pull === undefined) continue;
      left -= 1;
      patience.seenTo(ref);
      await decide(ref, pull);
    }
  };

  async function decide(ref: string, pull: string): Promise<void> {
    const temper = tempers.get(ref);
    tempers.set(ref, 'smooth');
    if (temper === 'reviewed') await askForChanges(pull);
    else if (temper === 'unwanted') await acts.closePull(pull, 'lena');
    else {
      await acts.review(pull, 'tom', { state: 'APPROVED', body: 'Good.', comments: [] });
      await acts.merge(pull, 'maria');
    }
  }

  function askForChanges(pull: string): Promise<void> {
    const body = 'Nearly there: what happens when two of them come at once?';
    const [path = 'README.md'] = filesOf(pull.slice(0, pull.indexOf('!')));
    const line = { path, line: 88, body: 'This drops the second one.' };
    return acts.review(pull, 'tom', { state: 'REQUEST_CHANGES', body, comments: [line] });
  }

  /** The open pull request of an issue, by the branch that its agent uses. */
  function pullOf(ref: string): string | undefined {
    const [name = '', number] = ref.split('#');
    const pulls = findRepository(state, name)?.pulls.values() ?? [];
    const found = [...pulls].find((pull) => pull.open && pull.head === `agent/issue-${number}`);
    return found && `${name}!${found.number}`;
  }
}
