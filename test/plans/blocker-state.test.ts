import { expect, test } from 'vitest';

import { endsWithMerge } from '../../src/issue/reading.ts';
import { blockerState } from '../../src/plans/blocker-state.ts';

const open = {
  ...{ until_merge: 0, waived: 0, open: 1, deleted: 0, merged: null },
  ...{ pull_state: null, pull_check_at: null },
};
const closed = { ...open, open: 0 };

test.each([
  // It ends with the issue, or with that pull request.
  [open, 'open'],
  [closed, 'closed'],
  [{ ...open, pull_state: 'merged' }, 'open'],
  [{ ...closed, merged: 0 }, 'not_merged'],
  [{ ...closed, merged: 0, waived: 1 }, 'closed'],
  [{ ...closed, merged: 1 }, 'closed'],
  [{ ...open, open: null }, 'unknown'],
  [{ ...open, deleted: 1 }, 'deleted'],
  // It ends with the merge, whatever the issue is.
  [{ ...open, until_merge: 1 }, 'open'],
  [{ ...open, until_merge: 1, pull_state: 'open' }, 'open'],
  [{ ...open, until_merge: 1, pull_state: 'merged' }, 'merged'],
  [{ ...closed, until_merge: 1, pull_state: 'merged' }, 'merged'],
  [{ ...closed, until_merge: 1, pull_state: 'open', pull_check_at: 5 }, 'open'],
  [{ ...closed, until_merge: 1, pull_state: 'open' }, 'not_merged'],
  [{ ...closed, until_merge: 1, pull_state: 'closed' }, 'not_merged'],
  [{ ...closed, until_merge: 1 }, 'not_merged'],
  [{ ...closed, until_merge: 1, waived: 1 }, 'closed'],
  [{ ...closed, until_merge: 1, merged: 1 }, 'closed'],
])('%j is %s', (facts, state) => {
  expect(blockerState(facts)).toBe(state);
});

test.each([
  ['Blocked by: the merge of #12', 12, true],
  ['the merge of acme/other#12', 12, true],
  ['Waits for the Merge of !12 and #13', 12, true],
  ['Waits for the merge of #12 and #13', 13, false],
  ['Blocked by the merge of #12', 1, false],
  ['Blocked by #12 (merged)', 12, false],
])('%j ends #%d with the merge: %s', (evidence, number, ends) => {
  const dependency = { repository: null, number, source: 'declared', evidence } as const;
  expect(endsWithMerge({ ...dependency, direction: 'blocked_by' })).toBe(ends);
  expect(endsWithMerge({ ...dependency, direction: 'blocks' })).toBe(false);
});
