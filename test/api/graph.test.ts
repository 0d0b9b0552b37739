import { expect, test } from 'vitest';

import { startService } from '../support/service.ts';
import { tellIssues } from './tell-issues.ts';

test('the graph shows issues, edges and cycles, of all or of one repository', async () => {
  const service = await startService();
  await tellIssues(
    service,
    { number: 1, body: 'Blocked by #2' },
    { number: 2, body: 'Blocked by acme/lib#3' },
    {
      number: 3,
      repositoryId: 9,
      repository: 'acme/lib',
      body: 'Blocks #8\nBlocked by acme/orbit#1',
    },
    { number: 4, body: '' },
    { number: 5, body: 'Blocked by #1, #6' },
    { number: 6, open: false },
    { number: 7, repositoryId: 9, repository: 'acme/lib' },
    { number: 10, body: 'Blocked by #11' },
    { number: 11, action: 'deleted' },
  );
  const edge = (issue: string, blockedBy: string, evidence: string) => ({
    ...{ issue, blockedBy, source: 'declared', evidence },
  });
  const outside = [
    { ref: 'acme/lib#7', state: 'ready' },
    { ref: 'acme/lib#8', state: 'unknown' },
  ];
  const nodes = [
    { ref: 'acme/lib#3', state: 'blocked' },
    { ref: 'acme/orbit#1', state: 'blocked' },
    { ref: 'acme/orbit#2', state: 'blocked' },
  ];
  const others = [
    { ref: 'acme/orbit#4', state: 'ready' },
    { ref: 'acme/orbit#5', state: 'blocked' },
    { ref: 'acme/orbit#6', state: 'done' },
    { ref: 'acme/orbit#10', state: 'ready' },
  ];
  const edges = [
    edge('acme/lib#3', 'acme/orbit#1', 'Blocked by acme/orbit#1'),
    edge('acme/lib#8', 'acme/lib#3', 'Blocks #8'),
    edge('acme/orbit#1', 'acme/orbit#2', 'Blocked by #2'),
    edge('acme/orbit#2', 'acme/lib#3', 'Blocked by acme/lib#3'),
    edge('acme/orbit#5', 'acme/orbit#1', 'Blocked by #1, #6'),
    edge('acme/orbit#5', 'acme/orbit#6', 'Blocked by #1, #6'),
  ];
  const cycles = [['acme/orbit#1', 'acme/orbit#2', 'acme/lib#3']];
  const [first, ...rest] = nodes;
  expect(await service.api('/graph')).toEqual({
    status: 200,
    json: { nodes: [first, ...outside, ...rest, ...others], edges, cycles, cut: false },
  });
  const orbit = await service.api('/graph?repository=ACME/orbit');
  expect(orbit.json).toEqual({
    nodes: [...nodes, ...others],
    edges: edges.filter(({ issue }) => issue !== 'acme/lib#8'),
    cycles,
    cut: false,
  });
  const empty = { nodes: [], edges: [], cycles: [], cut: false };
  expect((await service.api('/graph?repository=acme/none')).json).toEqual(empty);
});
