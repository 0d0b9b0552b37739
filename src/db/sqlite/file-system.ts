import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { getSystemErrorMessage } from 'node:util';

import { CoordinatorError, describeError } from '../../errors.ts';
import { sqliteCode } from './store-fault.ts';

/** What `statfs` says of the file system of a folder. */
export type StatFs = (folder: string) => {
  readonly type: number;
  readonly bavail: number;
  readonly bsize: number;
};

/**
 * Network file systems by `f_type` of statfs(2). SQLite's log needs memory that all users of the file share,
 * which these do not give, and their locks often do not hold.
 */
const networkTypes: ReadonlyMap<number, string> = new Map([
  [0x00006969, 'NFS'],
  [0x0000517b, 'SMB'],
  [0xfe534d42, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0x01021997, '9p'],
  [0x5346414f, 'AFS'],
  [0x6b414653, 'AFS'],
  [0x73757245, 'Coda'],
  [0x0000564c, 'NCP'],
  [0x00c36400, 'Ceph'],
  [0x0bd00bd0, 'Lustre'],
  [0x47504653, 'GPFS'],
  [0x19830326, 'BeeGFS'],
  [0x20030528, 'OrangeFS'],
  [0x786f4256, 'VirtualBox shared folder'],
  [0xbacbacbc, 'VMware shared folder'],
]);
const fuseType = 0x65735546;

/** A file system on which a database may lose what it acknowledged; `certain`: it is one of the network. */
export interface UnsafeFileSystem {
  readonly name: string;
  readonly certain: boolean;
}

/** Undefined on a local file system. FUSE may be either: sshfs and GlusterFS, but also NTFS or a shared folder. */
export function unsafeFileSystem(
  path: string,
  statFs: StatFs = statfsSync,
): UnsafeFileSystem | undefined {
  const type = statFs(existingFolder(path)).type >>> 0;
  const name = networkTypes.get(type);
  if (name !== undefined) return { name, certain: true };
  return type === fuseType ? { name: 'FUSE', certain: false } : undefined;
}

/** Why the database must not be on that file system, and what to do, in one sentence. */
export function networkMessage(path: string, { name }: UnsafeFileSystem): string {
  return `The database ${path} is on a network file system (${name}), where SQLite can lose what it stored: put it on a local disk, or set ALLOW_NETWORK_DATABASE=true if you know that this one shares memory and locks.`;
}

/** The folder that the database is in, or is going to be created in. */
export function existingFolder(path: string): string {
  const folder = dirname(path);
  return folder === path || existsSync(folder) ? folder : existingFolder(folder);
}

/** Free space below which a failure to write is put down to a full disk: less than SQLite's shared memory needs. */
const fullBytes = 64 * 1024;

/** The error that a database cannot be written, with the cause as far as it can be told, and the cure. */
export function explainUnwritable(
  path: string,
  cause: unknown,
  what = 'The database',
): CoordinatorError {
  const why = whyUnwritable(
    path,
    cause,
    what === 'The database' ? ', or correct DATABASE_URL.' : '.',
  );
  const message = `${what} ${path} cannot be written: ${why}`;
  return new CoordinatorError('database_unwritable', message, { cause });
}

function whyUnwritable(path: string, cause: unknown, end: string): string {
  const folder = existingFolder(path);
  // SQLite does not always say that the disk is full; the system does.
  if (
    sqliteCode(cause) === 13 ||
    codeOf(cause) === 'ENOSPC' ||
    (!isOfSystem(cause) && isFull(folder))
  )
    return 'its disk is full. Free some space on it.';
  if (codeOf(cause) === 'ENOENT')
    return folder === dirname(path)
      ? `no file can be created in ${folder}. Choose another folder${end}`
      : `its folder ${dirname(path)} does not exist. Create it${end}`;
  const code = [
    accessFailure(folder),
    existsSync(path) ? accessFailure(path) : undefined,
    codeOf(cause),
  ].find((found) => found !== undefined);
  if (code === 'EROFS') return `its file system is mounted read-only. Mount it writable${end}`;
  if (code === 'EACCES' || code === 'EPERM')
    return `permission is denied. Give this user the right to write the file and its folder${end}`;
  return `${reasonOf(cause)}. Give this user the right to write its folder${end}`;
}

function isFull(folder: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize < fullBytes;
  } catch {
    return false;
  }
}

function accessFailure(path: string): string | undefined {
  try {
    accessSync(path, constants.W_OK);
    return undefined;
  } catch (error) {
    return codeOf(error);
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;
}

function reasonOf(error: unknown): string {
  return isOfSystem(error) ? getSystemErrorMessage(error.errno) : describeError(error);
}

function isOfSystem(error: unknown): error is Error & { errno: number } {
  return error instanceof Error && 'errno' in error && typeof error.errno === 'number';
}
