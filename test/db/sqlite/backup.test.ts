import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { expect, test } from 'vitest';

import { backUp } from '../../../src/db/sqlite/backup.ts';
import { runCommandLine } from '../../../src/cli/command-line.ts';
import { recording } from '../../support/recordings.ts';
import { startService, temporaryDirectory, testEnvironment } from '../../support/service.ts';

/** Runs `backup FILE` beside the service of that folder. */
async function backup(directory: string, file: string) {
  const output = { stdout: '', stderr: '' };
  const code = await runCommandLine(['backup', file], {
    stdout: { write: (text: string) => void (output.stdout += text) },
    stderr: { write: (text: string) => void (output.stderr += text) },
    environment: () => testEnvironment(directory),
  });
  return { code, ...output };
}

test('a backup of the running service, restored as the docs say, starts with all that was acknowledged', async () => {
  const first = await startService();
  const { json } = await first.send(recording('issues-assigned-bot'));
  await first.idle();
  const file = join(first.directory, 'backup.db');
  const { code, stdout } = await backup(first.directory, file);
  expect(code).toBe(0);
  expect(stdout).toContain(`${file} holds `);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  await first.close();
  const directory = temporaryDirectory();
  writeFileSync(join(directory, 'coordinator.db'), readFileSync(file));
  const second = await startService({ directory });
  const again = await second.send(recording('issues-assigned-bot'));
  expect(again.json).toMatchObject({ status: 'duplicate', deliveryId: json.deliveryId });
  const health = await fetch(`${second.url}/readyz`);
  expect(health.status).toBe(200);
});

test('a backup never overwrites, and leaves nothing behind when it fails', async () => {
  const { directory } = await startService();
  const target = temporaryDirectory();
  const file = join(target, 'backup.db');
  writeFileSync(file, 'precious');
  expect(await backup(directory, file)).toMatchObject({
    code: 1,
    stderr: `mosaic-coordinator: ${file} exists already. A backup never overwrites a file: choose another name, or move that file away.\n`,
  });
  expect(readFileSync(file).toString()).toBe('precious');
  const missing = join(target, 'no', 'such', 'folder', 'backup.db');
  const { code, stderr } = await backup(directory, missing);
  expect(code).toBe(1);
  expect(stderr).toContain(
    `The backup ${missing} cannot be written: its folder ${join(target, 'no', 'such', 'folder')} does not exist. Create it.`,
  );
  expect(readdirSync(target)).toEqual(['backup.db']);
});

test.runIf(process.platform === 'linux')(
  'where no file can be created, the message does not speak of a full disk',
  async () => {
    const { directory } = await startService();
    const { code, stderr } = await backup(directory, '/proc/backup.db');
    expect(code).toBe(1);
    expect(stderr).toContain('The backup /proc/backup.db cannot be written: ');
    expect(stderr).not.toContain('full');
  },
);

test("what a killed backup left is in nobody's way, and is removed when it is old", async () => {
  const { directory } = await startService();
  const target = temporaryDirectory();
  const names = [`.${process.pid}-backup.part`, ...['old', 'new'].map(partOf)];
  for (const name of names) writeFileSync(join(target, name), 'half');
  utimesSync(join(target, partOf('old')), new Date(), new Date(Date.now() - 2 * 3_600_000));
  expect(await backup(directory, join(target, 'backup.db'))).toMatchObject({ code: 0 });
  const left = names.filter((name) => name !== partOf('old'));
  expect(readdirSync(target).sort()).toEqual([...left, 'backup.db'].sort());
  expect(statSync(join(target, 'backup.db')).nlink).toBe(1);
});

function partOf(name: string): string {
  return `.coordinator-backup-${name}.part`;
}

test('without a database, the message names the path', async () => {
  const directory = temporaryDirectory();
  const { code, stderr } = await backup(directory, join(directory, 'backup.db'));
  expect(code).toBe(1);
  expect(stderr).toContain(`There is no database at ${join(directory, 'coordinator.db')}.`);
  expect(existsSync(join(directory, 'backup.db'))).toBe(false);
});

test('a damaged database, or what is none, is not kept as a backup', () => {
  const directory = temporaryDirectory();
  const path = join(directory, 'coordinator.db');
  writeFileSync(path, 'This is not a database, only a text. '.repeat(200));
  const file = join(directory, 'backup.db');
  expect(() => backUp(path, file)).toThrow('could not be copied. The database is damaged.');
  expect(readdirSync(directory)).toEqual(['coordinator.db']);
});

test('a stopped service has left everything in the one file, so that a copy of it is a backup', async () => {
  const first = await startService();
  await first.send(recording('issues-assigned-bot'));
  await first.idle();
  await first.close();
  expect(readdirSync(first.directory).sort()).toEqual(['coordinator.db', 'coordinator.db.lock']);
  const directory = join(temporaryDirectory(), 'restored');
  mkdirSync(directory);
  writeFileSync(
    join(directory, 'coordinator.db'),
    readFileSync(join(first.directory, 'coordinator.db')),
  );
  const second = await startService({ directory });
  expect((await second.send(recording('issues-assigned-bot'))).json.status).toBe('duplicate');
});

test('what the service makes is for its owner alone, and what others could read is closed to them', async () => {
  const parent = temporaryDirectory();
  const directory = join(parent, 'data');
  const first = await startService({ directory });
  const mode = (file: string) => statSync(join(directory, file)).mode & 0o777;
  expect(statSync(directory).mode & 0o777).toBe(0o700);
  for (const suffix of ['', '-wal', '-shm', '.lock'])
    expect([suffix, mode(`coordinator.db${suffix}`)]).toEqual([suffix, 0o600]);
  await first.close();
  const older = temporaryDirectory();
  new DatabaseSync(join(older, 'coordinator.db')).close();
  const before = statSync(join(older, 'coordinator.db')).mode & 0o077;
  expect(before).not.toBe(0);
  await startService({ directory: older });
  expect(statSync(join(older, 'coordinator.db')).mode & 0o777).toBe(0o600);
});
