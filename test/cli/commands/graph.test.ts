import { expect, test } from 'vitest';

import { runCommandLine } from '../../../src/cli/command-line.ts';
import { readPicture } from '../../../src/plans/picture/read-picture.ts';
import { locationIn, openDatabase } from '../../support/database.ts';
import { testEnvironment } from '../../support/service.ts';
import { startWork } from '../../support/work.ts';

/** Four issues, two of which wait for each other. */
async function startStory() {
  const service = await startWork();
  await service.tell(1, { title: 'First', body: 'Estimated context: 10K' });
  await service.tell(2, { title: 'Second', body: 'Blocked by #1' });
  await service.tell(3, { title: 'Round', body: 'Blocked by #4' });
  await service.tell(4, { title: 'And round', body: 'Blocked by #3' });
  return service;
}

async function run(directory: string, args: readonly string[]) {
  const said = { out: '', err: '' };
  const code = await runCommandLine(['graph', ...args], {
    stdout: { write: (text) => (said.out += text) },
    stderr: { write: (text) => (said.err += text) },
    environment: () => testEnvironment(directory),
  });
  return { code, ...said };
}

test('the command writes the same as SVG, for Graphviz and as Mermaid', async () => {
  const { directory } = await startStory();
  const mermaid = await run(directory, ['--mermaid', '--repo', 'acme/orbit']);
  expect(mermaid).toMatchObject({ code: 0, err: '' });
  expect(mermaid.out).toContain('i1 --> i2');
  expect(mermaid.out).toMatch(/linkStyle [\d,]+ stroke:red/);
  expect((await run(directory, ['--dot'])).out).toContain('penwidth=3');
  const svg = await run(directory, ['--svg']);
  expect(svg).toMatchObject({ code: 0, err: '' });
  expect(svg.out).toMatch(/^<svg /);
  expect(svg.out).toContain('https://git.example.test/acme/orbit/issues/2');
});

test.each([
  [[], 'Use one of --svg, --dot and --mermaid'],
  [['--svg', '--dot'], 'Use one of --svg, --dot and --mermaid'],
  [['--dot', '--repo', 'orbit'], '--repo must be owner/name'],
  [['--dot', '--repo', 'acme/none'], 'No event has told of the repository acme/none'],
])('graph %j is refused', async (args, message) => {
  const { directory } = await startWork();
  const { code, err, out } = await run(directory, args);
  expect(code).toBeGreaterThan(0);
  expect(out).toBe('');
  expect(err).toContain(message);
});

test('a graph that is too large keeps cycles and the critical path, and says how much is missing', async () => {
  const service = await startStory();
  await service.tell(5, { title: 'Alone' });
  const db = openDatabase(locationIn(service.directory));
  const options = { repository: 'acme/orbit', withDone: false };
  const whole = await readPicture(db, { ...options, limit: 10 });
  const { picture, cut, ...figures } = await readPicture(db, { ...options, limit: 4 });
  expect(whole.cut).toBe(0);
  expect(picture.nodes.map(({ id }) => id)).toEqual(['i1', 'i2', 'i3', 'i4']);
  expect(cut).toBe(1);
  expect(figures).toEqual({ isPartial: false, tokens: whole.tokens, unsized: 0 });
});
