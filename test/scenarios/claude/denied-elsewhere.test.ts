import { expect, test } from 'vitest';

import { insists, sentence, stage, ways } from './only-claude-scene.ts';

/** A fallback model that reads something else than the first one. */
function differs(first: string, second: string) {
  const models = new Map<string, string>();
  return (...[call, response]: Parameters<ReturnType<typeof insists>>) => {
    if (models.size === 0) models.set(call.model, first);
    insists(models.get(call.model) ?? second)(call, response);
  };
}

/** What a person writes into the text of issue 1 about issue 2. */
const aboutTwo = ways.map(([name, way]) => [name, way.replace('#1', '#2')] as const);

test.each(aboutTwo)('%s in its own text ends what Claude proposes', async (_name, way) => {
  const { shown, edit, handled, one, two } = await stage(insists('blocks'), sentence);
  for (const ref of [one, two]) expect((await shown(ref)).proposals).toHaveLength(1);
  const before = [handled(one), handled(two)];
  await edit(one, `Nothing else.\n\n${way}`);
  // The other text is not read again for it.
  expect([handled(one), handled(two)]).toEqual([(before[0] ?? 0) + 1, before[1]]);
  for (const ref of [one, two]) {
    const { state, blockedBy, proposals, comment } = await shown(ref);
    expect({ state, blockedBy, proposals }).toEqual({
      ...{ state: 'ready', blockedBy: [], proposals: [] },
    });
    expect(comment).not.toContain('**Undecided**');
  }
  await edit(two, `${sentence} Really.`);
  expect(await shown(one)).toMatchObject({ state: 'ready', proposals: [] });
  await edit(one, 'Nothing else.');
  for (const ref of [one, two]) {
    expect((await shown(ref)).proposals).toHaveLength(1);
    expect((await shown(ref)).comment).toContain('**Undecided**');
  }
});

test.each(['Does not block #2.', 'Related to #2.', '- [x] blocks #2'])(
  'a blocker that says "%s" ends what two models read differently',
  async (way) => {
    const { shown, edit, one, two } = await stage(differs('blocked_by', 'neither'), sentence);
    expect(await shown(two)).toMatchObject({
      state: 'ready',
      proposals: [{ ref: one, direction: 'blocked_by', standing: 'proposed' }],
    });
    await edit(one, way);
    expect(await shown(two)).toMatchObject({ state: 'ready', proposals: [] });
    expect((await shown(two)).comment).not.toContain('**Undecided**');
    await edit(one, 'Nothing else.');
    expect((await shown(two)).comment).toContain('**Undecided**');
  },
);

test('a sentence of the text that Claude denies stays shown, whatever the other text says', async () => {
  const { shown, edit, one, two } = await stage(insists('neither'), 'We are blocked by #1 here.');
  await edit(one, 'Related to #2.');
  expect(await shown(two)).toMatchObject({ proposals: [{ ref: one, standing: 'disputed' }] });
});

test('each edit of its own text counts at once: a denial, a dependency, a denial again', async () => {
  const { shown, edit, handled, one, two } = await stage(insists('blocks'), sentence);
  const steps = [
    ['Not blocked by #2.', 'ready', []],
    ['Blocked by: #2', 'blocked', [two]],
    ['Related to #2.\n\nBlocked by: #2', 'blocked', [two]],
    ['No longer blocked by #2.', 'ready', []],
  ] as const;
  for (const [text, state, blockedBy] of steps) {
    const before = handled(one);
    await edit(one, text);
    const { proposals, ...now } = await shown(one);
    expect(handled(one)).toBe(before + 1);
    expect({ text, state: now.state, blockedBy: now.blockedBy, proposals }).toEqual({
      ...{ text, state, blockedBy, proposals: [] },
    });
  }
});
