import { join } from 'node:path';
import { statfsSync } from 'node:fs';

import { expect, test } from 'vitest';

import { checkDatabase } from '../../../src/cli/doctor/database.ts';
import { examineConfig } from '../../../src/config.ts';
import {
  explainUnwritable,
  unsafeFileSystem,
  type StatFs,
} from '../../../src/db/sqlite/file-system.ts';
import { startService, temporaryDirectory, testEnvironment } from '../../support/service.ts';

/** A file system of that type. */
const of =
  (type: number): StatFs =>
  () => ({ type, bavail: 1_000_000, bsize: 4_096 });

test.each([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  // As a signed number of 32 bits.
  [0xff534d42 | 0, 'CIFS'],
  [0xfe534d42, 'SMB'],
  [0x01021997, '9p'],
  [0x5346414f, 'AFS'],
  [0x00c36400, 'Ceph'],
  [0x0bd00bd0, 'Lustre'],
])(
  'a database on file system %i (%s) is refused at the start and by doctor, in one sentence',
  async (type, name) => {
    const statFs = of(type);
    const directory = temporaryDirectory();
    const refused = startService({ directory, statFs });
    await expect(refused).rejects.toMatchObject({ code: 'network_file_system' });
    await expect(refused).rejects.toThrow(
      new RegExp(
        `^The database .* is on a network file system \\(${name}\\), .* ALLOW_NETWORK_DATABASE=true .*\\.$`,
      ),
    );
    const [finding] = checkDatabase(examineConfig(testEnvironment(directory)), statFs).findings;
    expect(finding).toMatchObject({ mark: 'broken' });
  },
);

test('the operator may insist: it starts with a line in the log, and doctor warns', async () => {
  const env = { ALLOW_NETWORK_DATABASE: 'true' };
  const { directory, logs } = await startService({ env, statFs: of(0x6969) });
  expect(logs).toContainEqual(expect.objectContaining({ level: 'warn', fileSystem: 'NFS' }));
  const config = examineConfig(testEnvironment(directory, env));
  expect(checkDatabase(config, of(0x6969)).findings[0]).toMatchObject({ mark: 'warning' });
});

test('FUSE may be local: it starts with a line in the log, and doctor warns', async () => {
  const { directory, logs } = await startService({ statFs: of(0x65735546) });
  expect(logs).toContainEqual(expect.objectContaining({ level: 'warn', fileSystem: 'FUSE' }));
  const config = examineConfig(testEnvironment(directory));
  expect(checkDatabase(config, of(0x65735546)).findings[0]).toMatchObject({ mark: 'warning' });
});

test.each([0xef53, 0x58465342, 0x9123683e, 0x01021994, 0x794c7630, 0x2fc12fc1])(
  'file system %i is a local one',
  (type) => expect(unsafeFileSystem('/data/coordinator.db', of(type))).toBeUndefined(),
);

test('the file system is asked about the nearest folder that exists', () => {
  const directory = temporaryDirectory();
  const asked: string[] = [];
  const statFs: StatFs = (folder) => {
    asked.push(folder);
    return statfsSync(folder);
  };
  unsafeFileSystem(join(directory, 'not', 'yet', 'coordinator.db'), statFs);
  expect(asked).toEqual([directory]);
});

test.each([
  ['EROFS', 'its file system is mounted read-only. Mount it writable'],
  ['EACCES', 'permission is denied. Give this user the right'],
  ['ENOSPC', 'its disk is full. Free some space on it.'],
])('a database that cannot be written for %s gets that cause and its cure', (code, words) => {
  const path = join(temporaryDirectory(), 'coordinator.db');
  const error = explainUnwritable(path, Object.assign(new Error('from the system'), { code }));
  expect(error.message).toContain(`The database ${path} cannot be written: ${words}`);
});
