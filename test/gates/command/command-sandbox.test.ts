import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

import { describe, expect, onTestFinished, test } from 'vitest';

import { describeError } from '../../../src/errors.ts';
import { openSandbox } from '../../../src/gates/process/sandbox.ts';
import { sandboxModes, type SandboxMode } from '../../../src/gates/report.ts';
import { temporaryDirectory } from '../../support/service.ts';
import { neverAborted, openCheckout, writeFiles } from '../support/checkout.ts';

/** Why the mode does not start on this machine; it is then not tested, which is said. */
async function whyNot(mode: SandboxMode): Promise<string | undefined> {
  try {
    await openSandbox(mode, { privateDirectory: temporaryDirectory(), signal: neverAborted });
    return undefined;
  } catch (error) {
    process.stderr.write(`not tested: ${describeError(error)}\n`);
    return describeError(error);
  }
}

/** A server on loopback; whoever shares the network of this machine reaches it. */
async function listen(): Promise<number> {
  const server = createServer((socket) => socket.end());
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function open(mode: SandboxMode) {
  const home = temporaryDirectory();
  const privateDirectory = temporaryDirectory();
  writeFiles(home, { '.rustup/settings.toml': 'toolchain', '.netrc': 'secret', 'ca.pem': 'trust' });
  mkdirSync(join(home, 'bin'));
  const program = '#!/bin/sh\necho mine "$@"\n';
  writeFileSync(join(home, 'bin/mine'), program, { mode: 0o755 });
  // As pipx makes them, and as people do.
  writeFiles(home, { 'venvs/a/pyvenv.cfg': 'venv', 'alone/secret': 'secret' });
  mkdirSync(join(home, 'venvs/a/bin'));
  writeFileSync(
    join(home, 'venvs/a/bin/linked'),
    '#!/bin/sh\ncat "$(dirname "$(realpath "$0")")/../pyvenv.cfg"\n',
    { mode: 0o755 },
  );
  symlinkSync('../venvs/a/bin/linked', join(home, 'bin/linked'));
  writeFileSync(join(home, 'alone/single'), program, { mode: 0o755 });
  symlinkSync(join(home, 'alone/single'), join(home, 'bin/single'));
  const connect = `require('node:net').connect(Number(process.argv[2]), '127.0.0.1').on('error', () => process.exit(9)).on('close', () => {}).resume();`;
  const { checkout } = await openCheckout(
    { 'connect.cjs': connect },
    {
      mode,
      commands: {
        caller: {
          HOME: home,
          PATH: `${join(home, 'bin')}:relative:/nowhere`,
          TOKEN: 'secret',
          HTTPS_PROXY: 'http://proxy.example.test',
          NODE_EXTRA_CA_CERTS: join(home, 'ca.pem'),
        },
        passEnvironment: ['HTTPS_PROXY'],
        cacheDirectory: join(privateDirectory, 'cache'),
        home: join(privateDirectory, 'home'),
        root: temporaryDirectory(),
        toolsFrom: undefined,
      },
    },
  );
  const run = (command: string | readonly string[], network = false) =>
    checkout.runCommand({ command, in: '.', env: {}, network });
  return { run, home };
}

describe.each(sandboxModes)('a command in the sandbox %s', (mode) => {
  test('has the network only when it is left on', async ({ skip }) => {
    const reason = await whyNot(mode);
    if (reason !== undefined) skip(reason);
    const { run } = await open(mode);
    const command = ['node', 'connect.cjs', String(await listen())];
    expect(await run(command, true)).toMatchObject({ end: 'exited', exitCode: 0 });
    const { exitCode } = await run(command);
    expect(exitCode).toBe(mode === 'none' ? 0 : 9);
  });

  test('finds programs and tool chains of the caller, keeps downloads, and sees no other variable', async ({
    skip,
  }) => {
    const reason = await whyNot(mode);
    if (reason !== undefined) skip(reason);
    const { run, home } = await open(mode);
    const text =
      'mine 1 && cat "$RUSTUP_HOME/settings.toml" && mkdir -p "$PIP_CACHE_DIR" && echo x > "$PIP_CACHE_DIR/y" && echo "[$TOKEN$NODE_EXTRA_CA_CERTS]$HTTPS_PROXY"';
    expect(await run(text)).toMatchObject({
      exitCode: 0,
      stdout: 'mine 1\ntoolchain[]http://proxy.example.test\n',
    });
    // Every user of the machine can read the command lines of its processes.
    expect((await run('cat /proc/[0-9]*/cmdline')).stdout).not.toContain('proxy.example.test');
    expect((await run(['mine', '2'])).stdout).toBe('mine 2\n');
    expect(await run('linked && single')).toMatchObject({ exitCode: 0, stdout: 'venvmine\n' });
    expect((await run(`cat ${home}/alone/secret`)).exitCode === 0).toBe(mode !== 'bwrap');
    expect((await run('cat "$NODE_EXTRA_CA_CERTS"', true)).stdout).toBe('trust');
    expect((await run(`cat ${home}/.netrc`)).exitCode === 0).toBe(mode !== 'bwrap');
    await run(`echo x > "$RUSTUP_HOME/written"`);
    expect(existsSync(join(home, '.rustup/written'))).toBe(mode !== 'bwrap');
  });

  test('a launcher that the project brings does not start in place of that of the sandbox', async ({
    skip,
  }) => {
    const reason = await whyNot(mode);
    if (reason !== undefined) skip(reason);
    const { checkout, directory } = await openCheckout({}, { mode });
    const programs = join(directory, 'node_modules/.bin');
    mkdirSync(programs, { recursive: true });
    for (const name of ['unshare', 'bwrap', 'setpriv', 'mount', 'ip', 'mine'])
      writeFileSync(join(programs, name), '#!/bin/sh\necho "escaped"\n', { mode: 0o755 });
    expect((await checkout.runCommand({ command: 'mine', in: '.', env: {} })).stdout).toBe(
      'escaped\n',
    );
    const run = await checkout.runCommand({ command: 'echo $$', in: '.', env: {} });
    expect(run.stdout).toMatch(/^\d+\n$/);
  });
});
