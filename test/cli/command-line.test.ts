import { expect, test } from 'vitest';

import { runCommandLine } from '../../src/cli/command-line.ts';
import { exitCodes, processIo } from '../../src/cli/program.ts';
import type { Io } from '../../src/cli/io.ts';
import { renderTable } from '../../src/cli/output.ts';
import { readVersion } from '../../src/config.ts';

async function run(args: readonly string[], environment: Io['environment'] = () => ({})) {
  let out = '';
  let err = '';
  const code = await runCommandLine(args, {
    stdout: { write: (text) => (out += text) },
    stderr: { write: (text) => (err += text) },
    environment,
  });
  return { code, out, err };
}

function neverRead(): never {
  throw new Error('the environment was read');
}

test('help and version need no configuration', async () => {
  const help = await run(['--help'], neverRead);
  expect({ code: help.code, err: help.err }).toEqual({ code: exitCodes.ok, err: '' });
  for (const command of ['serve', 'demo', 'issues', 'agents', 'deliveries'])
    expect(help.out).toContain(`  ${command} `);
  expect(await run(['--version'], neverRead)).toEqual({
    code: exitCodes.ok,
    out: `${readVersion()}\n`,
    err: '',
  });
});

test.each([
  ['an unknown command', ['explode'], 'too many arguments'],
  ['an unknown option', ['--explode'], "unknown option '--explode'"],
  ['an argument too many', ['serve', 'now'], 'too many arguments'],
])('%s is a mistake of usage', async (_name, args, message) => {
  const { code, out, err } = await run(args, neverRead);
  expect({ code, out }).toEqual({ code: exitCodes.misconfigured, out: '' });
  expect(err).toContain(message);
});

test('no command means serve, and a wrong configuration is told before anything starts', async () => {
  for (const args of [[], ['serve']]) {
    const { code, out, err } = await run(args);
    expect({ code, out }).toEqual({ code: exitCodes.misconfigured, out: '' });
    expect(err).toBe(
      [
        'mosaic-coordinator: The configuration is invalid; correct these variables (see docs/setup.md):',
        '  - GITEA_WEBHOOK_SECRET is required',
        '  - GITEA_URL is required',
        '  - ANTHROPIC_API_KEY is required unless ISSUE_READER is offline',
        '',
      ].join('\n'),
    );
  }
});

test('an error nobody foresaw is not swallowed', async () => {
  await expect(run(['issues'], neverRead)).rejects.toThrow('the environment was read');
});

test('the command line of the process writes to its streams', () => {
  const io = processIo();
  expect(io.stdout).toBe(process.stdout);
  expect(io.stderr).toBe(process.stderr);
});

test('a table keeps its lines whatever its cells hold', () => {
  const table = renderTable(
    ['Name', 'Why'],
    [
      ['one\ntwo\u001b[31m', `a sentence ${'that goes on '.repeat(20)}`],
      ['x'.repeat(200), ''],
    ],
  );
  expect(table).not.toContain('\u001b');
  expect(table).toContain('one two');
  expect(new Set(table.split('\n').map((line) => line.length)).size).toBe(1);
  expect(renderTable(['Name', 'Why'], [])).toContain('Name');
});
