import { existsSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';

import { systemPath, toolEnvironment } from './environment.ts';
import { GatesError } from '../gates-error.ts';
import type { SandboxMode } from '../report.ts';
import { limitingCommand, type ResourceLimits } from './resource-limits.ts';
import { runProcess } from './run-process.ts';

/** A program, with the parts of the machine that it may see. */
export interface SandboxCommand {
  /** Absolute path of the program. */
  readonly command: string;
  readonly args: readonly string[];
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly writable: readonly string[];
  readonly readOnly: readonly string[];
  /** True to leave it the network of the machine. */
  readonly network: boolean;
  /** Size of the sandbox's own temporary directories, which are memory; by default half of the machine's. */
  readonly temporaryBytes?: number;
}

export interface Sandbox {
  readonly mode: SandboxMode;
  /** Maximum memory of all processes of one program together. */
  readonly memoryBytes?: number;
  /** Wraps a command so that it runs in the sandbox; start it with the same environment. */
  readonly wrap: (command: SandboxCommand) => {
    readonly command: string;
    readonly args: readonly string[];
  };
}

const sandboxes: Record<SandboxMode, Sandbox> = {
  none: { mode: 'none', wrap: ({ command, args }) => ({ command, args }) },
  unshare: { mode: 'unshare', wrap: wrapInUnshare },
  bwrap: { mode: 'bwrap', wrap: wrapInBwrap },
};

const strictestFirst = ['bwrap', 'unshare', 'none'] as const satisfies readonly SandboxMode[];

/**
 * Opens the requested sandbox, or for `auto` the strictest that starts here. Only a trial tells if it starts:
 * kernels, containers and profiles refuse namespaces in many ways.
 */
export async function openSandbox(
  wanted: SandboxMode | 'auto',
  {
    privateDirectory,
    signal,
    limits = {},
  }: {
    readonly privateDirectory: string;
    readonly signal: AbortSignal;
    readonly limits?: ResourceLimits;
  },
): Promise<Sandbox> {
  let why = '';
  for (const mode of wanted === 'auto' ? strictestFirst : [wanted]) {
    const sandbox = withLimits(sandboxes[mode], limits);
    if (mode === 'none') return sandbox;
    const problem = await tryStart(sandbox, { privateDirectory, signal });
    if (problem === undefined) return sandbox;
    why = problem;
  }
  signal.throwIfAborted();
  throw new GatesError(
    'gates_sandbox_unavailable',
    `The sandbox ${wanted} does not start here (${why}). ${cures[wanted]}`,
  );
}

/** The same sandbox, whose programs have these limits. They are set inside of it, so the launcher has none. */
function withLimits(sandbox: Sandbox, limits: ResourceLimits): Sandbox {
  const { memoryBytes, temporaryBytes } = limits;
  const limiting = limitingCommand(limits, { ownNamespace: sandbox.mode !== 'none' });
  return {
    ...sandbox,
    ...(memoryBytes === undefined ? {} : { memoryBytes }),
    wrap(program) {
      const [command = '', ...args] = [...limiting, program.command, ...program.args];
      return sandbox.wrap({
        ...{ ...program, command, args },
        ...(temporaryBytes === undefined ? {} : { temporaryBytes }),
      });
    },
  };
}

const cures: Record<SandboxMode | 'auto', string> = {
  auto: '',
  none: '',
  unshare:
    'It needs util-linux and unprivileged user namespaces, which a container may deny (Docker: --security-opt seccomp=unconfined).',
  bwrap:
    'It needs bubblewrap (apt-get install bubblewrap) and unprivileged user namespaces, which a container may deny (Docker: --security-opt seccomp=unconfined).',
};

/** Timeout of the trial; a sandbox that takes longer does not work. */
const tryTimeoutMs = 10_000;

/** Script that listens on the loopback address, as many test suites do. */
const loopbackProbe = `
const server = require('node:net').createServer((socket) => { socket.end(); server.close(); });
server.listen(0, '127.0.0.1', () => require('node:net').connect(server.address().port, '127.0.0.1').resume());
`;

async function tryStart(
  { wrap }: Sandbox,
  { privateDirectory, signal }: { readonly privateDirectory: string; readonly signal: AbortSignal },
): Promise<string | undefined> {
  const directory = await mkdtemp(join(privateDirectory, 'probe-'));
  const environment = toolEnvironment(directory);
  const { end, exitCode, stderr } = await runProcess({
    ...wrap({
      command: process.execPath,
      args: ['--eval', loopbackProbe],
      directory,
      environment,
      writable: [directory],
      readOnly: [],
      network: false,
    }),
    directory,
    environment,
    outputDirectory: directory,
    timeoutMs: tryTimeoutMs,
    signal,
  });
  if (end === 'exited' && exitCode === 0) return undefined;
  const words = stderr.trim().split('\n').at(-1) ?? '';
  return words === '' ? `${end}, exit code ${exitCode ?? 'none'}` : words.slice(0, 200);
}

/**
 * Own user, PID and mount namespaces, and one of the network unless that is left on. The loopback interface of a
 * new network namespace is down; a fresh sysfs lets it be switched on without `ip`, which is often missing. The
 * shell stays as PID 1, which must reap, and gives the program no capability: with them it could uncover the
 * outer /proc. The search path of the program may name its own directories, so the launchers have the fixed one.
 */
function wrapInUnshare({ command, args, network }: SandboxCommand) {
  const loopback = `
{ mount -t sysfs sysfs /sys && echo 9 > /sys/class/net/lo/flags; } 2>/dev/null ||
  ip link set lo up 2>/dev/null || ifconfig lo up 2>/dev/null`;
  const script = `
path=$PATH; PATH=${systemPath}
${network ? '' : loopback}
setpriv=$(command -v setpriv)
PATH=$path
"$setpriv" --bounding-set=-all --inh-caps=-all --no-new-privs "$@"
exit $?`;
  return {
    command: launcher('setpriv'),
    args: [
      // When the gates are killed, unshare ends, and with it all that it started.
      ...['--pdeathsig', 'KILL', '--', launcher('unshare')],
      ...['--user', '--map-root-user', '--pid', '--fork', '--kill-child', '--mount-proc'],
      ...(network ? [] : ['--net']),
      ...['/bin/sh', '-c', script, 'sh', command, ...args],
    ],
  };
}

/** Absolute path of a launcher: one that the program's own search path names could be the program's. */
function launcher(name: string): string {
  const paths = systemPath.split(':').map((directory) => join(directory, name));
  return paths.find((path) => existsSync(path)) ?? name;
}

/** System paths that programs need: no home, and of /etc only hosts, users and certificates. */
const systemPaths = [
  ...['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/nix/store'],
  ...['/etc/alternatives', '/etc/ld.so.cache', '/etc/ld.so.conf', '/etc/ld.so.conf.d'],
  ...['/etc/passwd', '/etc/group', '/etc/hosts', '/etc/nsswitch.conf', '/etc/localtime'],
  ...['/etc/ssl/certs', '/etc/ca-certificates'],
];
/** What a program needs beside that to find other machines and to know whom to trust. */
const networkPaths = [
  ...['/etc/resolv.conf', '/etc/gai.conf', '/etc/services', '/etc/protocols'],
  ...['/etc/ssl/openssl.cnf', '/etc/pki/tls', '/etc/pki/ca-trust'],
];

/** A file system with only the named paths, and no network but loopback unless it is left on. */
function wrapInBwrap(request: SandboxCommand) {
  const { command, args, directory, writable, readOnly, network, temporaryBytes } = request;
  const size = temporaryBytes === undefined ? [] : ['--size', `${temporaryBytes}`];
  // A later mount covers an earlier one: outer directories first.
  const mounts = [
    ...[...systemPaths, ...(network ? networkPaths : [])].map((path) => ({
      path,
      option: '--ro-bind-try',
    })),
    { path: process.execPath, option: '--ro-bind' },
    ...readOnly.map((path) => ({ path, option: '--ro-bind' })),
    ...writable.map((path) => ({ path, option: '--bind' })),
  ].toSorted((a, b) => a.path.split('/').length - b.path.split('/').length);
  return {
    command: launcher('bwrap'),
    args: [
      ...['--unshare-all', ...(network ? ['--share-net'] : [])],
      ...['--die-with-parent', '--cap-drop', 'ALL'],
      ...['--proc', '/proc', '--dev', '/dev', ...size, '--tmpfs', '/tmp'],
      ...(temporaryBytes === undefined ? [] : [...size, '--tmpfs', '/dev/shm']),
      ...mounts.flatMap(({ path, option }) => [option, path, path]),
      // The environment is inherited: as options its values would stand in the list of processes, for all to read.
      ...['--chdir', directory, '--', command, ...args],
    ],
  };
}
