import { expect, test } from 'vitest';

import { readTable, refSign, simplify } from '../../../src/reading/grammar/pattern.ts';
import { rules, ruleTable, type Meaning } from '../../../src/reading/grammar/rules.ts';
import { describeMentions, findMentions } from '../../support/mentions.ts';

const described = readTable(ruleTable).map(({ lines }, index) => {
  const examples = (sign: string) =>
    lines
      .filter((line) => line.startsWith(`${sign} `))
      .flatMap((line) => line.slice(2).split(' | '));
  const rule = rules[index];
  if (rule === undefined) throw new Error('A part of the table is no rule.');
  return { ...rule, yes: examples('+'), no: examples('-') };
});
const named = described.map((rule): [string, typeof rule] => [rule.yes[0] ?? 'no example', rule]);

/** True when all that an example names has this meaning. */
function holds(means: Meaning, body: string): boolean {
  const issue = { repository: 'acme/orbit', number: 500, title: '', body, bodyCut: false };
  const mentions = findMentions(issue);
  return (
    mentions.length > 0 &&
    mentions.every(({ verdict }) =>
      verdict.kind === 'dependency'
        ? verdict.direction === means
        : 'reason' in verdict && verdict.reason === means,
    )
  );
}

test.each(named)('a rule has examples and counter-examples, and they hold: %s', (_name, rule) => {
  for (const examples of [rule.yes, rule.no]) {
    expect(examples.length).toBeGreaterThan(0);
    expect(examples).not.toContain('');
  }
  for (const body of rule.yes) expect([body, holds(rule.means, body)]).toEqual([body, true]);
  for (const body of rule.no) expect([body, holds(rule.means, body)]).toEqual([body, false]);
});

test.each(named)('the examples of a rule are its own, not those of another: %s', (_name, rule) => {
  for (const body of rule.yes) {
    const text = simplify(body).replace(/#\d+(?:(?:,|,? and)? #\d+)*/g, refSign);
    expect(text.match(rule.pattern)).not.toBeNull();
  }
});

test('the table is small: what it does not say is asked of the model', () => {
  const directions = rules.filter(({ means }) => means === 'blocked_by' || means === 'blocks');
  expect(directions.length).toBeLessThanOrEqual(16);
});

test.each([
  ['依赖 #2', 'open#2'],
  ['不依赖 #2', 'no#2'],
  ['不再依赖于 #2。', 'no#2'],
  ['没有被 #2 阻塞', 'no#2'],
  ['不需要等待 #2', 'no#2'],
  ['与 #2 无关', 'no#2'],
  ['#2 に依存する', 'open#2'],
  ['#2 には依存しません。', 'no#2'],
  ['#2 に依存していない', 'no#2'],
])('the plainest denials of Chinese and Japanese are read: %s', (body, expected) => {
  expect(describeMentions(body)).toBe(expected);
});
