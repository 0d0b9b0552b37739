import { issueOf } from '../backlog.ts';
import { issuesIn } from '../api.ts';
import { partSketches } from '../ideas.ts';
import type { Habits } from './habits.ts';

/** Steps after which somebody splits an issue that is too large, when there are several, and when it is the only one. */
const steps = { several: 30, only: 240 };

/** People split what no agent can take, and close a part that is too large again. */
export function createSplits({ api, dice, acts, patience }: Habits) {
  const parts = new Set<string>();

  return async function split(): Promise<void> {
    const large = await issuesIn(api, 'oversized');
    const next = patience.longest(large);
    if (next === undefined) return;
    if (next.steps < (large.length > 1 ? steps.several : steps.only)) return;
    const { ref } = next.issue;
    patience.seenTo(ref);
    if (parts.delete(ref)) await acts.comment(ref, 'lena', 'We buy this instead.');
    else await openParts(ref);
    await acts.close(ref, 'lena');
  };

  async function openParts(ref: string): Promise<void> {
    const name = ref.slice(0, ref.indexOf('#'));
    const opened: string[] = [];
    for (const sketch of partSketches(dice, ref.slice(name.length))) {
      const number = await acts.openIssue(name, 'lena', issueOf(sketch));
      opened.push(`#${number}`);
      parts.add(`${name}#${number}`);
    }
    await acts.comment(ref, 'lena', `Too large for one agent: it goes on in ${opened.join(', ')}.`);
  }
}
