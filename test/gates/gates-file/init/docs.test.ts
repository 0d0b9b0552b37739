import { expect, test } from 'vitest';

import { parseGatesFile } from '../../../../src/gates/gates-file/parse-gates-file.ts';
import { blocksOf, readPage } from '../../../support/docs.ts';
import { biome } from '../../presets/biome.ts';
import { nodeJest } from '../../presets/node-jest.ts';
import { pythonUv } from '../../presets/python-uv.ts';
import { rustCargo } from '../../presets/rust-cargo.ts';
import { packageJson, proposedFor, type Tree } from '../../support/proposed.ts';

const shown = (page: string) => blocksOf(readPage(`docs/gates/${page}.md`), 'json');

test.each(['python', 'go', 'rust', 'node'])('every gates file in %s can be used', (page) => {
  expect(shown(page).length).toBeGreaterThan(0);
  for (const text of shown(page)) expect(() => parseGatesFile(text, page)).not.toThrow();
});

const npm = { 'package-lock.json': '' };

test.each<[string, number, Tree]>([
  ['python', 0, { ...pythonUv.files, 'uv.lock': '' }],
  [
    'go',
    0,
    {
      'go.mod':
        'module example.com/orbit\n\ntool (\n\tgotest.tools/gotestsum\n\tgithub.com/boumenot/gocover-cobertura\n)\n',
    },
  ],
  ['rust', 0, { ...rustCargo.files, 'Cargo.lock': '' }],
  ['node', 0, { ...nodeJest.files, ...npm }],
  ['node', 1, { ...packageJson({ test: 'c8 mocha' }, 'mocha', 'c8'), ...npm }],
  ['node', 2, { ...biome.files, ...npm }],
])('example %#, in %s, is what is proposed', async (page, index, tree) => {
  const example: unknown = JSON.parse(shown(page)[index] ?? '');
  expect((await proposedFor(tree)).file).toEqual(example);
});
