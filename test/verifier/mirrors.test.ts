import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';

import { createMirrors, type FetchRequest } from '../../src/verifier/mirrors.ts';
import type { RemoteLimits } from '../../src/verifier/remote-git.ts';
import { backend } from '../support/git-backend.ts';
import { temporaryDirectory } from '../support/service.ts';
import { createRepository, type TestRepository } from './support/repository.ts';

let repository: TestRepository;
let url: string;
/** Headers of every request, and where the server sends git instead, when set. */
const seen: (string | undefined)[] = [];
const redirect: { to?: string } = {};
const server = createServer((request, response) => {
  seen.push(request.headers.authorization);
  const { pathname, search } = new URL(request.url ?? '', 'http://localhost');
  if (redirect.to === undefined || pathname.startsWith('/elsewhere')) {
    const path = pathname.replace('/elsewhere', '');
    void backend(repository.bare, { path, search }, request, response);
  } else response.writeHead(302, { location: `${redirect.to}${pathname}${search}` }).end();
});

beforeAll(async () => {
  repository = createRepository();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = z.object({ port: z.number() }).parse(server.address());
  url = `http://127.0.0.1:${port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  repository[Symbol.dispose]();
});

const secret = 'Bearer not-for-other-eyes';

function open({ limits, maxMirrors = 10 }: { limits?: RemoteLimits; maxMirrors?: number } = {}) {
  const directory = temporaryDirectory();
  const home = temporaryDirectory();
  const mirrors = createMirrors({ directory, home, maxMirrors, ...(limits && { limits }) });
  const fetch = (commit: string, request: Partial<FetchRequest> = {}) =>
    mirrors.fetch({
      ...{ repositoryId: 7, commit, branch: null, baseBranch: 'main' },
      remote: { url, headers: { Authorization: secret } },
      signal: new AbortController().signal,
      ...request,
    });
  return { directory, mirrors, fetch };
}

/** The texts of all files below a directory. */
function textsBelow(directory: string): string {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => join(directory, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path, 'latin1'))
    .join('\n');
}

it('authorises itself to the server, and writes that to no file', async () => {
  const { directory, fetch } = open();
  seen.length = 0;

  const { base } = await fetch(repository.push('change', { 'a.txt': 'a' }));

  expect(base).toBe(repository.first);
  expect(new Set(seen)).toEqual(new Set([secret]));
  expect(textsBelow(directory)).not.toContain(secret);
});

it('follows no redirect', async () => {
  const { fetch } = open();
  redirect.to = `${url}/elsewhere`;

  await expect(fetch(repository.first)).rejects.toMatchObject({ kind: 'git_failed' });
  delete redirect.to;
});

it('speaks no protocol but http', async () => {
  const { fetch } = open();
  for (const remote of [`file://${repository.bare}`, repository.bare, 'ext::sh -c true'])
    await expect(
      fetch(repository.first, { remote: { url: remote, headers: {} } }),
    ).rejects.toMatchObject({ kind: 'git_failed' });
});

it('keeps nothing of a repository that is too large', async () => {
  const { directory, fetch } = open({ limits: { timeoutMs: 60_000, bytes: 1_000 } });
  const noise = Array.from({ length: 5_000 }, (_, n) => (n * 7_919).toString(36)).join('');
  const commit = repository.push('large', { 'noise.txt': noise });

  await expect(fetch(commit)).rejects.toMatchObject({ kind: 'too_large' });
  expect(readdirSync(directory)).toEqual([]);
});

it('tells a server that is away from a commit that is not there', async () => {
  const { fetch } = open();
  const away = { url: 'http://127.0.0.1:1', headers: {} };

  await expect(fetch(repository.first, { remote: away })).rejects.toMatchObject({
    kind: 'no_network',
  });
  await expect(fetch('c0ffee'.padEnd(40, '0'))).rejects.toMatchObject({
    refusal: 'commit_not_found',
  });
});

it('serves several calls for one repository, and forgets the one used longest ago', async () => {
  const { directory, mirrors, fetch } = open({ maxMirrors: 1 });
  const commits = ['one', 'two'].map((name) => repository.push(name, { [name]: name }));
  await fetch(repository.first, { repositoryId: 3 });
  await Promise.all(commits.map((commit) => fetch(commit)));
  await mirrors.prune();

  expect(readdirSync(directory)).toEqual(['7.git']);
});

it('goes on where a git was killed, and makes a broken mirror anew', async () => {
  const { directory, mirrors, fetch } = open();
  await fetch(repository.first);
  const mirror = join(directory, '7.git');
  const commit = repository.push('after-kill', { 'k.txt': 'k' });
  for (const lock of ['packed-refs.lock', 'config.lock', `refs/verifier/${commit}.lock`])
    writeFileSync(join(mirror, lock), '');

  await fetch(commit);
  expect(readdirSync(join(mirror, 'refs/verifier'))).toContain(commit);

  writeFileSync(join(mirror, 'HEAD'), 'no head');
  await expect(fetch(commit)).rejects.toMatchObject({ kind: 'git_failed' });
  await mirrors.discard(7);
  await fetch(commit);
});
