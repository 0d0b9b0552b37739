import { expect, test } from 'vitest';
import { z } from 'zod';

import { readText } from '../../../src/reading/read-text.ts';
import { parseTokens } from '../../../src/reading/declarations/values.ts';
import { recording } from '../../support/recordings.ts';

const agents = ['opus', 'sonnet', 'haiku'];

function declaredIn(body: string) {
  const issue = { repository: 'acme/orbit', number: 500, title: '', body, bodyCut: false };
  return readText(issue, { agentNames: agents }).declared;
}

/** The values alone, without their evidence. */
function valuesOf(body: string) {
  const declared = declaredIn(body);
  return Object.fromEntries(Object.entries(declared).map(([name, { value }]) => [name, value]));
}

test('the recorded issue made from the template declares every field', () => {
  const json: unknown = JSON.parse(recording('issues-opened-template').body.toString());
  const { issue } = z.object({ issue: z.object({ body: z.string() }) }).parse(json);
  expect(declaredIn(issue.body)).toEqual({
    files: {
      value: 3,
      evidence: 'Files to modify: 3 (src/store/deliveries.ts, src/server.ts, test/store.test.ts)',
    },
    complexity: {
      value: 'medium',
      evidence: 'Implementation complexity: medium (20,000 tokens)',
    },
    tests: { value: 'medium', evidence: 'Test requirements: medium (10,000 tokens)' },
    docs: { value: 'light', evidence: 'Documentation: light (2,000 tokens)' },
    total: { value: 68_900, evidence: 'Total estimated: 68,900 tokens' },
    agent: { value: 'sonnet', evidence: 'Recommended agent: sonnet' },
    difficulty: { value: 'medium', evidence: 'Difficulty … medium' },
  });
});

test.each([
  ['a dash', '- Files to modify: 3', { files: 3 }],
  ['an asterisk', '* Files to modify: 3', { files: 3 }],
  ['a typographic bullet', '• Files to modify: 3', { files: 3 }],
  ['a plus', '+ Files to modify: 3', { files: 3 }],
  ['no bullet', 'Files to modify: 3', { files: 3 }],
  ['bold with the colon inside', '- **Files to modify:** 3', { files: 3 }],
  ['bold with the colon outside', '- **Files to modify**: 3', { files: 3 }],
  ['bold by underscores', '__Files to modify:__ 3', { files: 3 }],
  ['code around the value', 'Recommended agent: `opus`', { agent: 'opus' }],
  [
    'other letter case',
    'FILES TO MODIFY: 3\nrecommended AGENT: Sonnet',
    { files: 3, agent: 'sonnet' },
  ],
  ['names behind the count', 'Files to modify: 2 (a.ts, b.ts)', { files: 2 }],
  ['an approximate count', 'Files to modify: ~4', { files: 4 }],
  [
    'carriage returns and line feeds',
    'Files to modify: 1\r\nTest requirements: low\r\n',
    { files: 1, tests: 'low' },
  ],
  [
    'carriage returns alone',
    'Files to modify: 1\rTest requirements: low',
    { files: 1, tests: 'low' },
  ],
  ['thousands with commas', 'Total estimated: 46,800 tokens', { total: 46_800 }],
  ['a total in thousands', 'Total estimated: 46.8k', { total: 46_800 }],
  ['an approximate total', 'Total estimated: ~50k', { total: 50_000 }],
  ['a difficulty below its heading', '## Difficulty\n\nhard', { difficulty: 'high' }],
  ['a bold difficulty in a list', '### Difficulty\n- **Easy** (one file)', { difficulty: 'low' }],
  [
    'a labelled difficulty below its heading',
    '## Difficulty\nLevel: moderate',
    { difficulty: 'medium' },
  ],
  ['a difficulty on one line', 'Difficulty: HIGH', { difficulty: 'high' }],
  ['the heading after that of the difficulty', '## Difficulty\n## Notes\nhard', {}],
  ['a second line of the same kind', 'Files to modify: 3\nFiles to modify: 9', { files: 3 }],
  [
    'a readable line after an unreadable one',
    'Files to modify: several\nFiles to modify: 9',
    { files: 9 },
  ],
  ['a code fence', '```\nFiles to modify: 3\n```\nTest requirements: low', { tests: 'low' }],
  [
    'a fence of tildes with backticks inside',
    '~~~\n```\nFiles to modify: 3\n~~~\nTest requirements: low',
    { tests: 'low' },
  ],
  ['a fence that is never closed', '```\nFiles to modify: 3', {}],
  [
    'a longer fence around a shorter one',
    '````\n```\nFiles to modify: 3\n```\n````\nFiles to modify: 4',
    { files: 4 },
  ],
  ['a word that is no level', 'Implementation complexity: enormous', {}],
  ['an agent nobody knows', 'Recommended agent: gpt', {}],
  ['a count of five digits', 'Files to modify: 12345', {}],
  ['all levels of documentation', 'Documentation: heavy', { docs: 'heavy' }],
  ['a line longer than any template line', `Files to modify: 3 ${'x'.repeat(500)}`, {}],
  ['no colon', 'Files to modify 3', {}],
  ['an empty text', '', {}],
])('sections are read with %s', (_name, body, expected) => {
  expect(valuesOf(body)).toEqual(expected);
});

test.each([
  ['46,800 tokens', 46_800],
  ['46.800', 46_800],
  ['46 800 tokens', 46_800],
  ['46800', 46_800],
  ['46.8k', 46_800],
  ['46,8k tokens', 46_800],
  ['~50k', 50_000],
  ['~ 50 K', 50_000],
  ['50k-60k', 50_000],
  ['50k.', 50_000],
  ['1,234,567', 1_234_567],
  ['1.2M tokens', 1_200_000],
  ['2 million tokens', 2_000_000],
  ['5 medium files', undefined],
  ['100,000,000', 100_000_000],
  ['100,000,001', undefined],
  ['0', undefined],
  ['0k', undefined],
  ['-5', undefined],
  ['about 50k', undefined],
  ['46,8000', undefined],
  ['46.8kb', undefined],
  ['12abc', undefined],
  ['', undefined],
])('%j is read as %s tokens', (text, tokens) => {
  expect(parseTokens(text)).toBe(tokens);
});

test('what stands in a comment declares nothing, also over several lines', () => {
  expect(valuesOf('<!--\nFiles to modify: 3\n-->\nFiles to modify: 4 <!-- or 5 -->')).toEqual({
    files: 4,
  });
});

test('a line of spaces takes no longer than any other', () => {
  const startedAt = performance.now();
  expect(declaredIn(`a${' '.repeat(900_000)}b\nTotal estimated: 46,800`)).toMatchObject({
    total: { value: 46_800 },
  });
  expect(performance.now() - startedAt).toBeLessThan(2_000);
});
