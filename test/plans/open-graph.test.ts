import { expect, test } from 'vitest';

import { countBlocked } from '../../src/plans/open-graph.ts';

test('each blocked issue counts once, through others and cycles too, up to the limit', () => {
  const edges = ['b>a', 'c>a', 'd>b', 'd>c', 'x>y', 'y>x', 'z>y'].map((pair) => {
    const [blocked = '', blocker = ''] = pair.split('>');
    return { blocked, blocker };
  });
  expect(countBlocked(edges, ['a', 'b', 'd', 'x', 'none'], 10)).toEqual([3, 1, 0, 2, 0]);
  expect(countBlocked(edges, ['a', 'b', 'x'], 2)).toEqual([2, 1, 2]);
});
