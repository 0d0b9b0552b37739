import { expect } from 'vitest';
import { z } from 'zod';

import { bash, claudeSceneTest, type ClaudeScene } from './support/claude-scene.ts';

const handoff = 'HANDOFF-OF-THE-FIRST: src/add.js is begun; the test is next.';
const fix =
  "echo 'export const add = (a, b) => b + a;' > src/add.js && node --test && git commit -qam 'Add both'";

/** The first session fills its context; the second one knows its handoff, and ends the work. */
const script = (window: number) => ({
  window,
  turns: [
    { ...bash('echo begun > notes.txt'), context: 0.5 },
    { ...bash('sleep 1'), context: 0.951 },
    { expect: 'nearly full', ...bash('git add -A && git commit -qm Begin'), context: 0.953 },
    { text: handoff, context: 0.955 },
  ],
  cases: [
    {
      prompt: 'HANDOFF-OF-THE-FIRST',
      turns: [
        { ...bash(fix), context: 0.1 },
        { text: 'Done.', context: 0.11 },
      ],
    },
  ],
});

const edgeSchema = z.looseObject({ edge: z.string(), used: z.number(), window: z.number() });

/** The edges that the runner named, with the figures that it saw. */
function edgesOf(runner: ReturnType<ClaudeScene['startClaude']>) {
  return runner.log().flatMap((line) => edgeSchema.safeParse(line).data ?? []);
}

const requestsSchema = z.array(
  z.looseObject({
    session: z.string().optional(),
    body: z.looseObject({ messages: z.array(z.unknown()).optional() }).nullish(),
  }),
);

/** The first message of each session, in the order of the sessions. */
async function firstMessages({ model }: ClaudeScene): Promise<string[]> {
  const sessions = new Map<string, string>();
  for (const { session, body } of requestsSchema.parse(JSON.parse(await model.asked())))
    if (session !== undefined && !sessions.has(session))
      sessions.set(session, JSON.stringify(body?.messages?.[0]));
  return [...sessions.values()];
}

for (const [window, args] of [
  [1_000_000, ['--model', 'opus']],
  [200_000, ['--model', 'claude-haiku-4-5']],
] as const)
  claudeSceneTest(
    `at 95 % of ${window} tokens a fresh session goes on with the handoff of the agent`,
    { script: script(window), env: { VERIFIERS: '1' } },
    async (scene) => {
      const runner = scene.startClaude(['--sandbox', 'none', ...args]);
      expect((await runner.exit()).code).toBe(0);
      expect(edgesOf(runner)).toMatchObject([
        { edge: 'window', used: Math.round(window * 0.951), window },
      ]);
      const [first = '', second = '', ...more] = await firstMessages(scene);
      expect(more).toEqual([]);
      expect(first).not.toContain('HANDOFF-OF-THE-FIRST');
      expect(second).toContain(handoff);
      expect(runner.log().filter(({ msg }) => msg === 'issue claimed')).toHaveLength(1);
      expect(await scene.stateOf()).toBe('in_review gates_passed');
      expect(scene.pushed()).toEqual(['Add both', 'Begin']);
      const plan = await scene.service.plan('acme/orbit#1');
      expect(plan?.['pastClaims']).toMatchObject([{ rotations: 1 }]);
      expect(scene.agents()).toEqual([]);
    },
  );

claudeSceneTest(
  'five fresh sessions go on with a claim, and then the issue is for a person',
  {
    script: {
      window: 1_000_000,
      turns: [
        { ...bash('git commit -q --allow-empty -m Step'), context: 0.951 },
        { expect: 'nearly full', text: 'HANDOFF: one more step.', context: 0.952 },
      ],
    },
  },
  async (scene) => {
    const runner = scene.startClaude(['--sandbox', 'none', '--model', 'opus']);
    await runner.exit();
    const messages = await firstMessages(scene);
    expect(messages.map((message) => message.includes('HANDOFF: one more step.'))).toEqual([
      ...[false, true, true, true, true, true],
    ]);
    expect(edgesOf(runner)).toHaveLength(6);
    expect(runner.log().filter(({ msg }) => msg === 'issue claimed')).toHaveLength(1);
    expect(await scene.stateOf()).toBe('needs_human rotations');
    expect(scene.pushed()).toEqual(Array(6).fill('Step'));
    expect(scene.agents()).toEqual([]);
  },
);
