import { issuesIn, type ListedIssue } from '../api.ts';
import type { Habits } from './habits.ts';

/** Steps after which somebody sees to an issue that needs a person, when there are several or many. */
const steps = { several: 60, many: 5 };
/** Issues that may need a person before somebody hurries. */
const many = 3;

/** People answer what needs them, one at a time. The last one is left to the visitor. */
export function createAnswers({ api, acts, tempers, patience }: Habits) {
  return async function answer(): Promise<void> {
    const parked = await issuesIn(api, 'needs_human');
    const next = patience.longest(parked);
    if (next === undefined || parked.length < 2) return;
    if (next.steps < (parked.length > many ? steps.many : steps.several)) return;
    patience.seenTo(next.issue.ref);
    tempers.set(next.issue.ref, 'smooth');
    await seeTo(next.issue);
  };

  async function seeTo({ ref, reason }: ListedIssue): Promise<void> {
    if (reason.code === 'pull_request_closed') {
      await acts.close(ref, 'lena');
      return;
    }
    if (reason.code === 'worker_blocked') {
      const { body } = acts.issueAt(ref).issue;
      await acts.comment(ref, 'maria', 'Equal is fine, longer is not. I put it into the text.');
      await acts.edit(ref, 'maria', `${body}\nA boat as long as its berth fits.\n`);
    }
    await api.post('/resume', { body: { issue: ref } });
  }
}
