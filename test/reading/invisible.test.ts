import { expect, test } from 'vitest';

import { codesIn, codesOfTitle } from '../../src/issue/codes.ts';
import { readText } from '../../src/reading/read-text.ts';

const characters = {
  'soft hyphen': '\u00ad',
  'combining grapheme joiner': '\u034f',
  'Mongolian vowel separator': '\u180e',
  'zero width space': '\u200b',
  'zero width non-joiner': '\u200c',
  'zero width joiner': '\u200d',
  'right-to-left mark': '\u200f',
  'right-to-left override': '\u202e',
  'word joiner': '\u2060',
  isolate: '\u2066',
  'variation selector': '\ufe0f',
  'byte order mark': '\ufeff',
  'tag character': '\u{e0041}',
  'named entity': '&shy;',
  'entity by number': '&#8203;',
  'entity by hexadecimal number': '&#x2060;',
  'long entity': '&ZeroWidthSpace;',
};

const places: Readonly<Record<string, (hidden: string) => string>> = {
  'inside the relation': (hidden) => `Blo${hidden}cked by #2.`,
  'between the words': (hidden) => `Blocked${hidden} by #2.`,
  'before the sign': (hidden) => `Blocked by ${hidden}#2.`,
  'behind the sign': (hidden) => `Blocked by #${hidden}2.`,
  'behind the number': (hidden) => `Blocked by #2${hidden}.`,
  'between all': (hidden) => Array.from('Blocked by #2.').join(hidden),
  'in HTML': (hidden) => `<p>Bloc${hidden}ked by #${hidden}2.</p>`,
  'in a table': (hidden) => `| Blocked${hidden} by | #${hidden}2 |\n| - | - |\n`,
  'in a heading': (hidden) => `## Block${hidden}ed by\n\n- #${hidden}2`,
};

function read(body: string, title = '') {
  const issue = { repository: 'acme/orbit', number: 500, title, body, bodyCut: false };
  return readText(issue, { agentNames: [], trackerUrl: 'https://git.example.test' });
}

test.each(Object.entries(characters))('a reader sees no %s', (_name, hidden) => {
  for (const [place, text] of Object.entries(places)) {
    const { mentions } = read(text(hidden));
    expect(mentions, place).toMatchObject([
      { number: 2, verdict: { kind: 'dependency', direction: 'blocked_by' } },
    ]);
    if (!hidden.startsWith('&')) expect(mentions[0]?.evidence, place).not.toContain(hidden);
  }
});

test('the words that decided are quoted as a person sees them, behind invisible ones too', () => {
  const [first, second] = read(
    '\u200bSome \u00adwords. Blo\u00adcked\u200b by #\u20602, but not by \u202e#3.',
  ).mentions;
  expect(first).toMatchObject({ evidence: 'Blocked by #2', number: 2 });
  expect(second).toMatchObject({ number: 3, verdict: { kind: 'ruled_out' } });
  expect(first?.sentence).toBe('Blocked by #2, but not by #3.');
});

test.each([
  ['acme/l\u200bib#2', 'acme/lib'],
  ['ac\u00adme\u2060/lib#2', 'acme/lib'],
])('the name of a repository is read as a person sees it: %j', (ref, repository) => {
  expect(read(`Blocked by ${ref}.`).mentions).toMatchObject([{ repository, number: 2 }]);
});

test('a code is read as a person sees it', () => {
  expect(codesIn('Needs CO\u200bORD-0\u00ad05.')).toEqual(['COORD-005']);
  expect(codesOfTitle('[COORD\u2060-005] Lock')).toEqual(['COORD-005']);
});

test.each(['\f', '\v', '\u0085', '\u00a0', '\u2009', '\u202f', '\u3000', '&nbsp;', '&thinsp;'])(
  'a space is a space, however wide: %j',
  (space) => {
    expect(read(`Blocked${space}by${space}#2.`).mentions).toMatchObject([
      { number: 2, verdict: { kind: 'dependency' } },
    ]);
    expect(read(`Do${space}not start until #2 is${space}done.`).mentions).toMatchObject([
      { number: 2, verdict: { kind: 'dependency' } },
    ]);
  },
);

test('the title is read as a person sees it', () => {
  expect(read('', 'Lock (blo\u00adcked by #\u200b2)').mentions).toMatchObject([
    { number: 2, verdict: { kind: 'dependency' } },
  ]);
});
