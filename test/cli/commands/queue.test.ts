import { expect, test } from 'vitest';
import { stripVTControlCharacters } from 'node:util';

import { runCommandLine } from '../../../src/cli/command-line.ts';
import { renderQueue } from '../../../src/cli/commands/render-queue.ts';
import { startChild } from '../../support/process.ts';
import { testEnvironment } from '../../support/service.ts';
import { startWork } from '../../support/work.ts';
import { call } from '../../support/workers.ts';

/** Two ready issues, one blocked, and one claimed by an agent whose context is nearly full. */
async function startStory() {
  const service = await startWork({ now: Date.now });
  await service.tell(1, { title: 'Store deliveries' });
  const held = await service.held('worker-1');
  await call(service, 'worker-1', { held, what: 'heartbeat', body: { contextUsed: 810_000 } });
  await service.tell(2, { title: `Evil \u001b[31mred\u0007 ${'漢字'.repeat(40)}` });
  await service.tell(3, { title: 'Publish', body: 'Blocked by #2' });
  return service;
}

interface Terminal {
  readonly columns: number;
  readonly rows?: number;
  readonly signal?: AbortSignal;
  readonly env?: Record<string, string>;
  readonly onWrite?: (shown: string) => void;
}

async function run(directory: string, args: readonly string[], terminal?: Terminal) {
  let out = '';
  let err = '';
  const stdout = {
    write: (text: string) => {
      out += text;
      terminal?.onWrite?.(out);
    },
    ...(terminal === undefined
      ? {}
      : { isTTY: true, columns: terminal.columns, rows: terminal.rows ?? 50 }),
  };
  const code = await runCommandLine(['queue', ...args], {
    stdout,
    stderr: { write: (text) => (err += text) },
    environment: () => ({ ...testEnvironment(directory), ...terminal?.env }),
    ...(terminal?.signal === undefined ? {} : { signal: terminal.signal }),
  });
  return { code, out, err };
}

test('the queue is printed once where nobody looks at a terminal', async () => {
  const { directory } = await startStory();
  const { code, out, err } = await run(directory, []);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  const steady = out
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>')
    .replace(/lease \d:\d\d left/, 'lease <left>');
  expect(steady).toMatchInlineSnapshot(`
    "Ready, in the order they are handed out
      1. acme/orbit#2  Evil red  漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢…
         sonnet, 20,000 tokens, ready since <time>, moved 4 hours forward for the
         issue that waits for it; the longest ready goes first.

    Claimed
      acme/orbit#1  worker-1 as sonnet, lease <left>
         [################....] 81 % compact

    Blocked
      acme/orbit#3  Publish
         blocked: Waits for acme/orbit#2, which is open.

    Not ready in total: 1 claimed, 1 open_blockers
    "
  `);
});

test('nothing to show is said in words', async () => {
  const { directory } = await startWork();
  const { out } = await run(directory, []);
  expect(out).toContain('nothing is ready');
  expect(out).toContain('nothing is claimed');
  expect(out).toContain('nothing is blocked');
});

test('--json is the answer of the API, and escapes what could steer a terminal', async () => {
  const { directory, api } = await startStory();
  const { out } = await run(directory, ['--json']);
  expect(JSON.parse(out)).toEqual((await api('/queue')).json);
  expect(out).not.toContain('\u001b');
});

test('a terminal that does not know its size gets the usual one', async () => {
  const { directory } = await startStory();
  const stop = new AbortController();
  const deadline = AbortSignal.timeout(5_000);
  const { out } = await run(directory, [], {
    columns: 0,
    rows: 0,
    signal: AbortSignal.any([stop.signal, deadline]),
    onWrite: (shown) => {
      if (shown.includes('Not ready in all')) stop.abort();
    },
  });
  const shown = stripVTControlCharacters(out);
  expect(shown).toContain('\n  acme/orbit#3  Publish\n');
  expect(Math.max(...shown.split('\n').map(widthOf))).toBeGreaterThan(70);
});

test.each([60, 120])('in a terminal of %i columns it is live, fits, and ends', async (columns) => {
  const { directory, tell } = await startStory();
  const stop = new AbortController();
  let told: Promise<void> | undefined;
  const { code, out } = await run(directory, [], {
    columns,
    signal: stop.signal,
    onWrite: (shown) => {
      if (shown.includes('acme/orbit#3')) told ??= tell(4, { title: 'Came later' });
      if (shown.includes('Came later')) stop.abort();
    },
  });
  expect(code).toBe(0);
  expect(out).toContain('\u001b[33m[################....] 81 % compact');
  expect(out).not.toContain('\u0007');
  for (const line of stripVTControlCharacters(out).split('\n'))
    expect(widthOf(line)).toBeLessThanOrEqual(columns);
});

test('NO_COLOR is heeded', async () => {
  const { directory } = await startStory();
  const stop = new AbortController();
  const { out } = await run(directory, [], {
    columns: 80,
    signal: stop.signal,
    env: { NO_COLOR: '1' },
    onWrite: () => stop.abort(),
  });
  expect(out).toContain('81 % compact');
  for (const colour of [31, 32, 33]) expect(out).not.toContain(`\u001b[${colour}m`);
});

test.each([
  [
    'Not blocked by #2',
    'Only Claude reads that. To end it, write "Not blocked by #2" (and 1 more)',
  ],
  // The line would name an issue that the caller may not see.
  [undefined, 'Only Claude reads that (and 1 more)'],
])('what an issue waits for because Claude alone says so is marked: %s', (removeWith, mark) => {
  const edge = { ref: 'acme/orbit#2', evidence: 'Pointless until #2.', removeWith };
  const reason = { code: 'open_blockers', text: 'Waits.' };
  const blocked = [
    {
      ref: 'acme/orbit#3',
      title: 'Publish',
      state: 'blocked' as const,
      reason,
      onlyClaude: [edge, edge],
    },
  ];
  const queue = { ready: [], claimed: [], blocked, waiting: { blocked: 1 }, spending: [] };
  const style = { width: 100, paint: (_colour: unknown, text: string) => text, now: 0 };
  expect(renderQueue(queue, style)).toContain(`     ${mark}\n`);
});

/** The command in a process that believes to be in a terminal, as what restores the cursor asks for one. */
const inTerminal = `
  process.stderr.isTTY = true;
  const { processIo } = await import(process.env.PROGRAM);
  const { runCommandLine } = await import(process.env.COMMAND_LINE);
  const stdout = { write: (text) => process.stdout.write(text), isTTY: true, columns: 80, rows: 40 };
  process.exitCode = await runCommandLine(['queue'], { ...processIo(), stdout });
`;

test('Ctrl-C ends it as asked', async () => {
  const { directory } = await startStory();
  const child = startChild({
    args: ['--input-type=module', '--eval', inTerminal],
    environment: {
      ...testEnvironment(directory),
      PROGRAM: new URL('../../../src/cli/program.ts', import.meta.url).href,
      COMMAND_LINE: new URL('../../../src/cli/command-line.ts', import.meta.url).href,
    },
    directory,
  });
  await child.until('it showed the queue', () =>
    child.output.stdout.includes('acme/orbit#3') ? true : undefined,
  );
  expect(await child.kill('SIGINT')).toEqual({ code: 0, signal: null });
});

/** The ideographs of the story take two columns. */
function widthOf(line: string): number {
  return Array.from(line).reduce((width, character) => width + (character > '\u2fff' ? 2 : 1), 0);
}
