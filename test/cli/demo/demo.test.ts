import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { demo } from '../../../src/cli/demo/demo.ts';
import { readStory, storyProblems } from '../../../src/cli/demo/demo-story.ts';
import { captureIo } from '../../support/capture-io.ts';
import { recording, signedRequest } from '../../support/recordings.ts';
import { temporaryDirectory } from '../../support/service.ts';

test('the demo plays to its end, shows every state, and leaves nothing behind', async () => {
  const screen = captureIo();
  await demo(screen.io);
  const text = screen.text();
  expect(text).toContain(
    '25 recorded deliveries: 20 accepted, 1 seen before, 4 ignored, 0 refused\n',
  );
  expect(text).toContain('12 issues assigned to coordinator-bot: 12 accepted,');
  expect(text).toContain('acme/garden#2 is blocked: Waits for acme/garden#1, which is open.\n');
  expect(text).toContain('acme/garden#2 is ready: Nothing is in the way: sonnet can start.\n');
  expect(text).toContain('  forged delivery refused (401)\n');
  expect(text).toContain('All 12 issues of acme/garden came out as expected.\n');
  expect(text).toContain('run `npm run demo -- --keep` for a larger world that goes on');
  expect(statesIn(text)).toEqual({
    'acme/garden#1': 'done',
    'acme/garden#2': 'ready',
    'acme/garden#3': 'blocked',
    'acme/garden#4': 'blocked',
    'acme/garden#5': 'blocked',
    'acme/garden#6': 'blocked',
    'acme/garden#7': 'oversized',
    'acme/garden#8': 'ready',
    'acme/garden#9': 'released',
    'acme/garden#10': 'blocked',
    'acme/garden#11': 'ready',
    'acme/garden#12': 'ready',
    'acme/orbit#1': 'released',
    'acme/orbit#2': 'released',
    'acme/orbit#3': 'ready',
    'acme/orbit#5': 'blocked',
    'acme/orbit#6': 'ready',
  });
  expect(text).toContain('acme/garden#4 → acme/garden#5 →');
  expect(text).toMatch(/Waits for acme\/barn#40, of which/);
  expect(text).toMatch(/acme\/garden#8: .* \(nothing_readable\)/);
  expect(text).toMatch(/acme\/garden#11: .* \(declared_agent_refused\)/);
  expect(existsSync(databaseFolderIn(text))).toBe(false);
});

test('the demo takes its listeners of signals away', async () => {
  const before = process.listenerCount('SIGTERM');
  await demo(captureIo().io);
  expect(process.listenerCount('SIGTERM')).toBe(before);
});

test('a demo stopped before its end says so, and leaves nothing behind', async () => {
  const screen = captureIo({ signal: AbortSignal.abort() });
  await expect(demo(screen.io)).rejects.toMatchObject({ code: 'demo_stopped' });
  expect(existsSync(databaseFolderIn(screen.text()))).toBe(false);
});

test('without the recordings the demo asks for a checkout', async () => {
  const empty = temporaryDirectory();
  const recordings = [join(empty, 'missing'), empty];
  for (const folder of recordings) {
    const played = demo(captureIo().io, { recordings: folder });
    await expect(played).rejects.toThrow('needs a checkout of the project');
  }
  const other = folderOf({ 'push-test-delivery': recording('push-test-delivery') });
  const played = demo(captureIo().io, { recordings: other });
  await expect(played).rejects.toMatchObject({ code: 'recordings_missing' });
});

test('a refused recording fails the demo and is named', async () => {
  const good = recording('issues-assigned-bot');
  const forged = { ...good, body: Buffer.from(good.body.toString().replace('maria', 'marla')) };
  const screen = captureIo();
  const recordings = folderOf({ 'issues-assigned-bot': good, 'with-other-bytes': forged });
  await expect(demo(screen.io, { recordings })).rejects.toMatchObject({
    code: 'demo_failed',
    message: 'The demo did not go as expected:\n  - with-other-bytes was refused with 401.',
  });
  expect(screen.text()).toContain('2 recorded deliveries: 1 accepted, 0 ignored, 1 refused\n');
  expect(existsSync(databaseFolderIn(screen.text()))).toBe(false);
});

test('a story whose deliveries are not believed fails the demo', async () => {
  const text = recording('issues-assigned-bot').body.toString();
  const ofPull = Buffer.from(text.replace(/"pull_request":\s*null/, '"pull_request":{}'));
  const screen = captureIo();
  const recordings = folderOf({ 'issues-assigned-bot': signedRequest(ofPull) });
  await expect(demo(screen.io, { recordings })).rejects.toMatchObject({
    code: 'demo_failed',
    message: 'The demo requested /api/v1/issues/acme/garden/2 and got status 404.',
  });
  expect(screen.text()).toContain('12 issues assigned to coordinator-bot: 0 accepted, 12 ignored');
});

test('an issue that comes out otherwise is told with what was expected of it', () => {
  const plan = {
    ref: 'acme/garden#11',
    state: 'blocked',
    reason: { code: 'open_blockers' },
    assignment: null,
    warnings: [],
  };
  const problems = storyProblems(readStory('test/fixtures/demo-story.json'), [plan]);
  expect(problems).toHaveLength(12);
  expect(problems).toContain('acme/garden#1 has no plan.');
  expect(problems).toContain(
    'acme/garden#11 is blocked, open_blockers, no agent, not ready, ready, sonnet, declared_agent_refused.',
  );
});

function databaseFolderIn(text: string): string {
  const folder = /its database is in (\S+)\.\n/.exec(text)?.[1];
  expect(folder).toBeDefined();
  return folder ?? '';
}

/** State by issue, from the lines of the table. */
function statesIn(text: string): Record<string, string> {
  const cells = text
    .split('\n')
    .filter((line) => line.startsWith('│ acme/'))
    .map((line) => line.split('│').map((cell) => cell.trim()));
  return Object.fromEntries(cells.map(([, ref, , state]) => [ref ?? '', state ?? '']));
}

function folderOf(requests: Record<string, { headers: Record<string, string>; body: Buffer }>) {
  const directory = temporaryDirectory();
  for (const [name, { headers, body }] of Object.entries(requests)) {
    const bodyBase64 = body.toString('base64');
    const json = JSON.stringify({ name, headers: Object.entries(headers), bodyBase64 });
    writeFileSync(join(directory, `${name}.json`), json);
  }
  return directory;
}
