import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';
import { z } from 'zod';

import { backlog, textOf } from '../../../../src/cli/demo/world/backlog.ts';
import { readOffline } from '../../../../src/reading/offline-reading.ts';
import { markText } from '../../../../src/web/pages/issue/mark-text.ts';
import { valueQuotes } from '../../../../src/web/pages/issue/value-quotes.ts';

const agentNames = ['opus', 'sonnet', 'haiku', 'glm', 'minimax'];

/** The marks in a text, each with what it gave. */
function marksIn(body: string) {
  const issue = { repository: 'acme/harbor', number: 1, title: 'Berths', body, bodyCut: false };
  const quotes = valueQuotes(readOffline(issue, agentNames));
  const { pieces, missing } = markText(body, quotes);
  const marks = pieces.flatMap((piece) =>
    piece.kind === 'text' && piece.gives.length > 0 ? [[piece.text, piece.gives.join('; ')]] : [],
  );
  return { marks, missing, quotes };
}

test.each(Object.values(backlog).flat())(
  'each value of the demo is marked at its line: $title',
  (sketch) => {
    const { files, level, agent, total } = sketch;
    const tests = level === 'high' ? 'medium' : level;
    const { marks, missing } = marksIn(textOf(sketch));
    expect(marks).toEqual([
      [`Files to modify:** ${files}`, `files ${files}`],
      [`Implementation complexity:** ${level}`, `complexity ${level}`],
      [`Test requirements:** ${tests}`, `tests ${tests}`],
      ['Documentation:** light', 'documentation light'],
      ...(total === undefined
        ? []
        : [
            [
              `Total estimated:** ${total.toLocaleString('en-US')} tokens`,
              `size ${total.toLocaleString('en-US')}`,
            ],
          ]),
      ...(agent === undefined ? [] : [[`Recommended agent:** ${agent}`, `agent ${agent}`]]),
      ['Difficulty', `difficulty ${level}`],
      [level, `difficulty ${level}`],
    ]);
    expect(missing).toEqual([]);
  },
);

const gold = readFileSync(new URL('../../../fixtures/gold/issues.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => z.object({ id: z.string(), body: z.string() }).parse(JSON.parse(line)));

test('in the texts of the gold set nearly every value is marked, and a bare word only under its heading', () => {
  let all = 0;
  let marked = 0;
  for (const { id, body } of gold) {
    const { marks, missing, quotes } = marksIn(body);
    all += quotes.length;
    marked += quotes.length - missing.length;
    const bare = marks.findIndex(([words]) => /^(?:low|medium|high)$/.test(words ?? ''));
    if (bare >= 0) expect([id, marks[bare - 1]?.[1]]).toEqual([id, marks[bare]?.[1]]);
  }
  expect(marked / all).toBe(1);
});
