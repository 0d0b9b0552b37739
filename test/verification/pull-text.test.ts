import { expect, test } from 'vitest';

import { passed } from '../support/verifying.ts';
import { pullBlock, pullTitle, withBlock } from '../../src/verification/pull-text.ts';

const text = {
  ...{ issue: 1, commit: '3'.repeat(40), base: '2'.repeat(40), baseBranch: 'main' },
  ...{ gates: passed.gates, page: undefined, handoff: undefined },
};

test.each([
  ['Add it (closes #7)', 'Add it (closes # 7)'],
  ['Fix acme/orbit#7 and !8', 'Fix acme/orbit# 7 and ! 8'],
  ['Fixes https://git.test/acme/orbit/issues/7', 'Fixes https://git.test/acme/orbit/issues/ 7'],
  ['Step 1/2\nof the #plan', 'Step 1/2 of the #plan'],
  ['\u200b', 'Work of an agent'],
])('the title %j names nothing that a merge closes', (title, shown) => {
  expect(pullTitle(title)).toBe(shown);
});

test('a long title is cut', () => {
  expect(pullTitle('x'.repeat(900))).toHaveLength(200);
});

test('what an agent says cannot leave its block of code, and is bounded', () => {
  const handoff = `before\n\`\`\`\`\`\n</details>\n@maria closes #9\n${'x'.repeat(9_000)}`;
  const block = pullBlock({ ...text, handoff });
  const [, inside = ''] = /\n`{6}text\n([\s\S]*)\n`{6}\n/.exec(block) ?? [];
  expect(inside.startsWith('before\n`````\n</details>\n@maria closes #9')).toBe(true);
  expect(block.replace(inside, '')).not.toMatch(/maria|#9/);
  expect(block.length).toBeLessThan(6_000);
});

test('the name of a gate that is no plain name is not shown', () => {
  const [gate] = passed.gates;
  if (gate === undefined) throw new Error('no gate');
  const block = pullBlock({ ...text, gates: [{ ...gate, gate: 'x | @maria' }] });
  expect(block).toContain('| a gate | passed | 0.0 s |');
  expect(block).not.toContain('maria');
});

test('our part is replaced, and what stands above it stays', () => {
  const [first, second] = [pullBlock(text), pullBlock({ ...text, issue: 2 })];
  expect(withBlock('', first)).toBe(first);
  expect(withBlock(first, second)).toBe(second);
  expect(withBlock(`Mine.\r\n\r\n${first}`, second)).toBe(`Mine.\n\n${second}`);
  expect(withBlock('Mine.', first)).toBe(`Mine.\n\n${first}`);
});
