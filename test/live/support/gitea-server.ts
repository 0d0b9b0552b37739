import { randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { spawn, type ChildProcess } from 'node:child_process';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { execa } from 'execa';
import { onTestFinished } from 'vitest';
import { z } from 'zod';

import { searchPath } from '../../support/process.ts';
import { temporaryDirectory } from '../../support/service.ts';
import { callGitea } from './call-gitea.ts';
import { freePort } from './free-port.ts';
import type { GiteaBinary } from './gitea-binary.ts';

/** Scopes of a token as narrow as docs/setup.md asks for. */
const botScopes = ['write:issue', 'read:repository', 'read:user'];
const startDeadlineMs = 60_000;
const lookEveryMs = 50;

export interface GiteaServerOptions extends GiteaBinary {
  /** Address for people and the coordinator, for example of a proxy; its own by default. */
  readonly publicUrl?: string;
  /** Port it listens on; a free one by default. */
  readonly port?: number;
  /** Whom its hooks may call, `ALLOWED_HOST_LIST`. */
  readonly allowedHosts?: string;
}

/**
 * A real Gitea on loopback with fresh data and the users root1 (admin), coordinator-bot, maria and tom. It may be
 * killed and started again on the same data; it is gone when the test is over.
 */
export async function startGiteaServer(options: GiteaServerOptions) {
  const directory = temporaryDirectory();
  const port = options.port ?? (await freePort());
  const url = `http://127.0.0.1:${port}`;
  const configuration = writeConfiguration({ ...options, directory, port });
  const flags = ['--config', configuration, '--work-path', directory];
  const environment = { PATH: searchPath, HOME: directory, GITEA_WORK_DIR: directory };
  const log = join(directory, 'gitea.log');
  let child: ChildProcess | undefined;

  async function start(): Promise<void> {
    const output = openSync(log, 'a');
    const started = spawn(options.binary, ['web', ...flags], {
      cwd: directory,
      env: environment,
      stdio: ['ignore', output, output],
    });
    closeSync(output);
    child = started;
    const giveUpAt = performance.now() + startDeadlineMs;
    while (!(await answers(url))) {
      if (started.exitCode !== null || performance.now() > giveUpAt)
        throw new Error(
          `Gitea does not start. It said:\n${readFileSync(log, 'utf8').slice(-2_000)}`,
        );
      await sleep(lookEveryMs);
    }
  }

  /** Ends it, by its own id, and waits until it is gone. */
  function end(signal: NodeJS.Signals): Promise<void> {
    const running = child;
    if (running?.exitCode !== null || running.signalCode !== null) return Promise.resolve();
    return new Promise((gone) => {
      running.once('exit', () => gone());
      running.kill(signal);
    });
  }

  onTestFinished(() => end('SIGKILL'));
  await execa(options.binary, ['migrate', ...flags], { env: environment, extendEnv: false });
  const root = await createRoot(options.binary, flags, environment);
  await start();
  const [bot, maria, tom] = await Promise.all([
    createPerson({ url, root, login: 'coordinator-bot', scopes: botScopes }),
    createPerson({ url, root, login: 'maria', scopes: ['all'] }),
    createPerson({ url, root, login: 'tom', scopes: ['all'] }),
  ]);
  return {
    /** Straight to it, past any proxy. */
    url,
    directory,
    isForgejo: options.isForgejo,
    /** Another token of a person, with these scopes only. */
    tokenOf: (login: string, scopes: readonly string[]) => createToken({ url, login, scopes }),
    /** Tokens by name. */
    tokens: { root, bot, maria, tom },
    /** `kill -9`. */
    kill: () => end('SIGKILL'),
    start,
  };
}

function writeConfiguration(options: GiteaServerOptions & { directory: string; port: number }) {
  const { directory, port, source } = options;
  const folder = join(directory, 'custom', 'conf');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'app.ini');
  const lines = [
    'RUN_MODE = prod',
    `WORK_PATH = ${directory}`,
    'I_AM_BEING_UNSAFE_RUNNING_AS_ROOT = true',
    '[server]',
    'HTTP_ADDR = 127.0.0.1',
    `HTTP_PORT = ${port}`,
    `ROOT_URL = ${options.publicUrl ?? `http://127.0.0.1:${port}`}/`,
    `STATIC_ROOT_PATH = ${resolve(source)}`,
    'DISABLE_SSH = true',
    'OFFLINE_MODE = true',
    'LFS_START_SERVER = false',
    '[database]',
    'DB_TYPE = sqlite3',
    `PATH = ${join(directory, 'gitea.db')}`,
    '[repository]',
    `ROOT = ${join(directory, 'repositories')}`,
    '[security]',
    'INSTALL_LOCK = true',
    `SECRET_KEY = ${randomBytes(32).toString('hex')}`,
    `INTERNAL_TOKEN = ${randomBytes(48).toString('hex')}`,
    '[service]',
    'DISABLE_REGISTRATION = true',
    '[webhook]',
    `ALLOWED_HOST_LIST = ${options.allowedHosts ?? 'loopback'}`,
    '[indexer]',
    'ISSUE_INDEXER_TYPE = db',
    '[mailer]',
    'ENABLED = false',
    '[actions]',
    'ENABLED = false',
    '[packages]',
    'ENABLED = false',
    '[log]',
    'LEVEL = Warn',
  ];
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}

async function answers(url: string): Promise<boolean> {
  try {
    const { ok } = await fetch(`${url}/api/healthz`, { signal: AbortSignal.timeout(2_000) });
    return ok;
  } catch {
    return false;
  }
}

/** The first user can only be made from the command line. */
async function createRoot(
  binary: string,
  flags: readonly string[],
  env: Record<string, string>,
): Promise<string> {
  const user = [
    '--username',
    'root1',
    '--password',
    passwordOf('root1'),
    '--email',
    'root1@acme.test',
  ];
  const run = (...args: readonly string[]) =>
    execa(binary, ['admin', 'user', ...args, ...flags], { env, extendEnv: false });
  await run('create', ...user, '--admin', '--must-change-password=false');
  // Forgejo cannot make the token together with its user.
  const scopes = ['--token-name', 'live', '--scopes', 'all', '--raw'];
  const { stdout } = await run('generate-access-token', '--username', 'root1', ...scopes);
  const [token] = /[0-9a-f]{40}/.exec(stdout) ?? [];
  if (token === undefined) throw new Error(`Gitea tells no token for root1: ${stdout}`);
  return token;
}

interface PersonOptions {
  readonly url: string;
  readonly root: string;
  readonly login: string;
  readonly scopes: readonly string[];
}

/** Makes a user, and a token for it. */
async function createPerson({ url, root, login, scopes }: PersonOptions): Promise<string> {
  const password = passwordOf(login);
  await callGitea({ url, token: root }, 'POST', '/admin/users', {
    username: login,
    email: `${login}@acme.test`,
    password,
    must_change_password: false,
  });
  return createToken({ url, login, scopes });
}

async function createToken({ url, login, scopes }: Omit<PersonOptions, 'root'>): Promise<string> {
  const basic = Buffer.from(`${login}:${passwordOf(login)}`).toString('base64');
  const made = await callGitea(
    { url, authorization: `Basic ${basic}` },
    'POST',
    `/users/${login}/tokens`,
    {
      name: `live ${scopes.join(' ')}`,
      scopes,
    },
  );
  return z.object({ sha1: z.string() }).parse(made).sha1;
}

export function passwordOf(login: string): string {
  return `${login}-Passw0rd-1`;
}
