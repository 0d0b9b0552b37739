import { expect, test } from 'vitest';

import { runCommandLine } from '../../../src/cli/command-line.ts';
import { createDatabase } from '../../../src/db/database.ts';
import { startService, testEnvironment } from '../../support/service.ts';
import { call, claim, issueEvent } from '../../support/workers.ts';

/** A running service with one ready issue, and the command line beside it. */
async function startBeside() {
  const service = await startService({ workers: true });
  await service.send(issueEvent(1, Date.parse('2026-11-23T10:00:00Z')));
  await service.idle();
  async function run(...args: string[]) {
    let out = '';
    let err = '';
    const code = await runCommandLine(args, {
      stdout: { write: (text) => (out += text) },
      stderr: { write: (text) => (err += text) },
      environment: () => testEnvironment(service.directory),
    });
    return { code, out, err };
  }
  return { ...service, run };
}

test('pause and resume reach the running service', async () => {
  const service = await startBeside();
  const { run } = service;
  expect(await run('pause', '--reason', 'Release day.')).toEqual({
    code: 0,
    out: 'The whole service is paused, by command line: Release day.\n',
    err: '',
  });
  expect((await run('pause', 'Sonnet')).out).toBe(
    'The whole service is paused, by command line: Release day.\nsonnet is paused, by command line: No reason was given.\n',
  );
  expect(await claim(service, 'worker-1')).toMatchObject({ claim: null, waiting: { paused: 1 } });
  await run('resume');
  expect(await claim(service, 'worker-1')).toMatchObject({ claim: null, waiting: { paused: 1 } });
  const waiting = claim(service, 'worker-1', { query: '?wait=30' });
  expect((await run('resume', 'sonnet')).out).toBe('Nothing is paused.\n');
  expect((await waiting).claim?.issue).toBe('acme/orbit#1');
});

test('all agents of an account are resumed at once', async () => {
  const service = await startBeside();
  const { run } = service;
  const { claim: held } = await claim(service, 'worker-1');
  if (held === null) throw new Error('nothing claimed');
  const limitedUntil = new Date(Date.now() + 3_600_000).toISOString();
  const body = { reason: 'Usage limit.', limitedUntil };
  await call(service, 'worker-1', { held, what: 'release', body });
  expect(await run('resume', '--account', 'nobody')).toMatchObject({
    code: 2,
    err: 'mosaic-coordinator: No agent has the account nobody; there are anthropic, glm, minimax.\n',
  });
  expect(await run('resume', 'sonnet', '--account', 'anthropic')).toMatchObject({ code: 2 });
  const waiting = claim(service, 'worker-2', { query: '?wait=30' });
  expect((await run('resume', '--account', 'anthropic')).out).toBe('Nothing is paused.\n');
  expect((await waiting).claim?.issue).toBe('acme/orbit#1');
});

test('a parked issue is resumed beside the service, which takes it up by itself', async () => {
  const service = await startBeside();
  const { run } = service;
  const { claim: held } = await claim(service, 'worker-1');
  if (held === null) throw new Error('nothing claimed');
  await call(service, 'worker-1', { held, what: 'block', body: { reason: 'Why?' } });
  const waiting = claim(service, 'worker-2', { query: '?wait=30' });
  expect((await run('resume', 'acme/orbit#1')).out).toBe(
    'acme/orbit#1 is resumed; a running service sees it within a second.\n',
  );
  expect((await waiting).claim?.issue).toBe('acme/orbit#1');
  expect(await run('resume', 'acme/orbit#1')).toMatchObject({
    code: 1,
    err: 'mosaic-coordinator: acme/orbit#1 is not parked, or not in the database.\n',
  });
});

test('an agent nobody knows is named, with those there are', async () => {
  const { run } = await startBeside();
  expect(await run('pause', 'nobody')).toMatchObject({
    code: 2,
    err: 'mosaic-coordinator: There is no agent nobody; the profiles are opus, sonnet, haiku, glm, minimax.\n',
  });
});

test('the audit finds what must never be, and fails then', async () => {
  const service = await startBeside();
  expect(await service.run('issues', '--audit')).toEqual({
    code: 0,
    out: 'No violations: every open issue of the bot is in one state and will move on.\n',
    err: '',
  });
  const db = createDatabase(service.config.database);
  await db.updateTable('issues').set({ state: 'in_progress' }).execute();
  await db.destroy();
  const { code, out, err } = await service.run('issues', '--audit', '--json');
  expect({ code, err }).toEqual({
    code: 1,
    err: 'mosaic-coordinator: The audit found 2 violations.\n',
  });
  expect(out).toContain('in_progress_unclaimed');
  expect((await service.run('issues', '--audit')).out).toContain('acme/orbit#1');
});
