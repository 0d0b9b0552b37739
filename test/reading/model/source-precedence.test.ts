import { expect, test } from 'vitest';

import type { Dependency } from '../../../src/issue/reading.ts';
import { mergeEdges } from '../../../src/reading/model/source-precedence.ts';
import { issue, shown } from '../../support/merge-answers.ts';

const gitea: Dependency = {
  direction: 'blocked_by',
  repository: null,
  number: 7,
  source: 'gitea',
  evidence: '',
};
const declared: Dependency = { ...gitea, source: 'declared' };
const model: Dependency = { ...gitea, source: 'model' };
const round = (edge: Dependency): Dependency => ({ ...edge, direction: 'blocks' });

test.each<[string, Dependency[], string[], string[]]>([
  ['all agree', [model, declared, gitea], ['blocked_by #7 gitea'], []],
  [
    'the text against Claude',
    [round(model), declared],
    ['blocked_by #7 declared'],
    ['direction_disagrees'],
  ],
  [
    'Gitea against the text',
    [declared, round(gitea)],
    ['blocks #7 gitea'],
    ['direction_disagrees'],
  ],
  [
    'Gitea against both',
    [declared, model, round(gitea)],
    ['blocks #7 gitea'],
    ['direction_disagrees'],
  ],
  ['Claude says both', [model, round(model)], [], ['direction_contradicts']],
  ['the text says both', [declared, round(declared)], [], ['direction_contradicts']],
  [
    'Claude says both, the text one',
    [model, round(model), round(declared)],
    ['blocks #7 declared'],
    ['direction_disagrees'],
  ],
  [
    'two spellings of one issue',
    [declared, { ...model, repository: 'Acme/Orbit' }],
    ['blocked_by #7 declared'],
    [],
  ],
  [
    'two issues of one number',
    [declared, round({ ...model, repository: 'acme/lib' })],
    ['blocked_by #7 declared', 'blocks acme/lib#7 model'],
    [],
  ],
])('of edges one a pair is left: %s', (_name, all, expected, warned) => {
  for (const order of [all, all.toReversed()]) {
    const { dependencies, warnings } = mergeEdges(issue(''), order);
    expect(dependencies.map(shown).sort()).toEqual(expected);
    expect(warnings.map(({ code }) => code)).toEqual(warned);
  }
});
