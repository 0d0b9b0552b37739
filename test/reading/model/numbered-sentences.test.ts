import fc from 'fast-check';
import { expect, test } from 'vitest';

import { numberSentences } from '../../../src/reading/model/numbered-sentences.ts';
import { foldedText } from '../../../src/reading/visible-text.ts';

function split(body: string): string[] {
  const [title, ...sentences] = numberSentences({ title: 'T', body }).sentences;
  expect(title).toBe('T');
  return sentences;
}

test.each<[string, string, string[]]>([
  ['nothing', '', []],
  ['prose', 'One #1. Two? Three!  Four', ['One #1.', 'Two?', 'Three!', 'Four']],
  ['prose over lines', 'until\n  #7 lands.\nThen on', ['until #7 lands.', 'Then on']],
  ['paragraphs', 'one\n\ntwo', ['one', 'two']],
  ['abbreviations', 'See e.g. #7 (cf. #8). Next.', ['See e.g. #7 (cf. #8).', 'Next.']],
  [
    'versions and hosts',
    'Needs v1.2.3 of git.example.test now.',
    ['Needs v1.2.3 of git.example.test now.'],
  ],
  [
    'a heading over a list',
    '## Wait\n- #1. First\n- [ ] #2',
    ['## Wait', '- #1. First', '- [ ] #2'],
  ],
  ['an item over lines', '* one\n  more\n1. two', ['* one more', '1. two']],
  ['rows', '| a | b |\n|---|---|\n| #1 | x. y |', ['| a | b |', '| #1 | x. y |']],
  ['trailers', 'Depends-on: #1\nBlocks: #2', ['Depends-on: #1', 'Blocks: #2']],
  ['a quote and its answer', '> blocked by #1\nno', ['> blocked by #1', 'no']],
  ['code in whole lines', '```\na #1. b\n  c\n```\nd', ['```\na #1. b\n  c\n```', 'd']],
  [
    'Chinese and Japanese',
    '依赖 #84。先做 #80！#25 待ち？',
    ['依赖 #84。', '先做 #80！', '#25 待ち？'],
  ],
  ['rules and empty boxes', 'a\n\n---\n- [ ]\n\nb', ['a', 'b']],
])('the sentences of %s', (_name, body, sentences) => {
  expect(split(body)).toEqual(sentences);
});

test('a long sentence is cut between words, and a long word not within a number', () => {
  const words = split(`${'word '.repeat(150)}#7`);
  expect(words.length).toBe(2);
  expect(words.join(' ')).toBe(`${'word '.repeat(150)}#7`);
  const chinese = split(`${'字'.repeat(398)}#1234${'字'.repeat(100)}`);
  expect(chinese).toEqual(['字'.repeat(398), `#1234${'字'.repeat(100)}`]);
});

test('words are found in their sentences, whatever the white space between them', () => {
  const body = 'It is\n pointless until #7.\n\n依赖 #84。先做 #80！\n\n- [ ] it is pointless';
  const text = numberSentences({ title: 'It is', body });
  expect(text.find('pointless  until #7')).toEqual([2]);
  expect(text.find('#84。 先做')).toEqual([3, 4]);
  expect(text.find('is pointless')).toEqual([2, 5]);
  expect(text.find('It is')).toEqual([1, 2]);
  expect(text.find('elsewhere')).toEqual([]);
  expect(text.find(' ')).toEqual([]);
});

test('no word of a text is lost, whatever it is', () => {
  const line = fc.oneof(
    fc.string(),
    fc.constantFrom('- a #7. b', '# h', '```', '| a |', '> q', 'L: x', '。', '字'.repeat(500)),
  );
  const letters = (text: string) => text.replace(/[^\p{L}\p{N}]/gu, '');
  fc.assert(
    fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
      const body = lines.join('\n');
      expect(letters(split(body).join(' '))).toBe(letters(foldedText(body)));
    }),
  );
});

test('a long run of signs that ends no sentence is walked once', () => {
  const body = (length: number) => `a${'.'.repeat(length)}${'*'.repeat(length)}x`;
  const began = process.cpuUsage();
  numberSentences({ title: 'T', body: body(16_000) });
  const { user } = process.cpuUsage(began);
  // It took 3 s before, in the thread that answers Gitea.
  expect(user / 1_000).toBeLessThan(500);
});

test('a number is not found in those that it begins', () => {
  const others = Array.from({ length: 20 }, (_, index) => `- #7${index + 10}`);
  const { find, sentences } = numberSentences({ title: 'T', body: [...others, '- #7'].join('\n') });
  expect(find('#7')).toEqual([sentences.length]);
  const { find: both } = numberSentences({ title: 'T', body: '- #7\n\n1 more' });
  expect(both('#7')).toEqual([2]);
});
