import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';

import { mainArguments, startChild } from '../../support/process.ts';
import { temporaryDirectory } from '../../support/service.ts';

/** A project with these files and the tools of this one. */
function project(files: Readonly<Record<string, string>>): string {
  const directory = temporaryDirectory();
  symlinkSync(
    fileURLToPath(new URL('../../../node_modules', import.meta.url)),
    join(directory, 'node_modules'),
  );
  for (const [name, text] of Object.entries({ 'package.json': '{"type":"module"}', ...files }))
    writeFileSync(join(directory, name), text);
  return directory;
}

function startGates(directory: string, ...args: readonly string[]) {
  return startChild({
    args: [...mainArguments, 'gates', '--sandbox', 'none', ...args],
    environment: {},
    directory,
  });
}

/** Passes when no process that it sees has the canary, which is this test file's only by name. */
const canaryHunt = `
  import { readdirSync, readFileSync } from 'node:fs';
  import { expect, test } from 'vitest';
  const environmentOf = (pid) => {
    try { return readFileSync('/proc/' + pid + '/environ', 'utf8'); } catch { return ''; }
  };
  test('sees no canary', () => {
    const pids = readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name));
    expect(pids.filter((pid) => environmentOf(pid).includes('GATES_CANARY=')).length).toBe(0);
  });
`;

test.for([
  { sandbox: 'none', verdict: 'failed' },
  { sandbox: 'unshare', verdict: 'passed' },
  { sandbox: 'bwrap', verdict: 'passed' },
])(
  'a secret of the process that runs the gates: the hunt for it in $sandbox has $verdict',
  async ({ sandbox, verdict }, { skip }) => {
    const canary = randomUUID();
    const child = startChild({
      args: [...mainArguments, 'gates', '--sandbox', sandbox, '--gate', 'test', '--json'],
      environment: { GATES_CANARY: canary },
      directory: project({ 'hunt.test.js': canaryHunt }),
    });
    await child.exit();
    const { stdout, stderr } = child.output;
    skip(stderr.includes('does not start here'), 'This sandbox does not start here: not tested.');
    expect(JSON.parse(stdout)).toMatchObject({ verdict });
    expect(stdout + stderr).not.toContain(canary);
  },
);

test('a type error ends the process with 1, and standard output holds the report alone', async () => {
  const directory = project({
    'tsconfig.json': '{"compilerOptions":{"types":[],"strict":true}}',
    'sum.ts': "export const sum: number = 'none';\n",
  });
  const child = startGates(directory, '--gate', 'build', '--json');
  expect(await child.exit()).toEqual({ code: 1, signal: null });
  expect(JSON.parse(child.output.stdout)).toMatchObject({
    verdict: 'failed',
    gates: [{ gate: 'build', findings: [{ file: 'sum.ts', line: 1, column: 14, rule: 'TS2322' }] }],
  });
  expect(child.output.stderr).toMatch(/^build failed \([\d.]+ s\): .+\n$/);
});

test('in an empty directory no gate counts, which is no verdict, and nobody is blamed', async () => {
  const child = startGates(temporaryDirectory());
  expect(await child.exit()).toEqual({ code: 2, signal: null });
  expect(child.output.stderr.match(/^\w+ skipped .*not counted/gm)).toHaveLength(4);
  expect(child.output.stdout).toContain('error: 0 of 0 gates passed');
});

/** Connections of the processes that a test which never ends consists of: they break when it dies. */
async function listenForProcesses(count: number) {
  const all = Promise.withResolvers<readonly Promise<unknown>[]>();
  const closed: Promise<unknown>[] = [];
  const server = createServer((socket: Socket) => {
    socket.on('error', () => undefined).resume();
    closed.push(once(socket, 'close'));
    if (closed.length === count) all.resolve(closed);
  });
  onTestFinished(() => void server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = z.object({ port: z.number() }).parse(server.address());
  return { port, connected: all.promise };
}

test.each<[NodeJS.Signals, number]>([
  ['SIGINT', 130],
  ['SIGTERM', 143],
])('%s in the middle of a test leaves no process behind, and ends with %i', async (name, code) => {
  const { port, connected } = await listenForProcesses(2);
  const stay = `require('node:net').connect(${port}, '127.0.0.1')`;
  const directory = project({
    'endless.test.js': `
      import { spawn } from 'node:child_process';
      import { connect } from 'node:net';
      import { test } from 'vitest';
      test('never ends', async () => {
        spawn(process.execPath, ['-e', ${JSON.stringify(stay)}], { detached: true, stdio: 'inherit' });
        connect(${port}, '127.0.0.1');
        await new Promise(() => {});
      }, 1_000_000);
    `,
  });
  const child = startGates(directory, '--gate', 'test', '--json');
  const processes = await Promise.race([
    connected,
    child.exit().then((): readonly Promise<unknown>[] => []),
  ]);
  expect(processes).toHaveLength(2);
  expect(await child.kill(name)).toEqual({ code, signal: null });
  await Promise.all(processes);
  expect(child.output.stdout).toBe('');
  expect(child.output.stderr).toMatch(new RegExp(`Stopping \\.\\.\\.\\n[^]*Stopped by ${name}:`));
});
