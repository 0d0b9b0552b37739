import { lstat, opendir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { gitBytes, localGit, resolve } from './local-git.ts';
import { WorkspaceError } from './workspace-error.ts';

/** Maximum size of what an agent committed, packed. */
const maxPackBytes = 256 * 1024 * 1024;
const hash = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
/** Files of objects that are looked at, of which git packs a few thousand. */
const maxObjectFiles = 500_000;
/** Longest file of references that is read. */
const maxRefBytes = 16 * 1024 * 1024;

/**
 * The commit that is checked out in a directory of an agent; undefined when none can be read. The agent may have
 * written anything there, so no git runs in it: configuration, hooks and filters of the agent are never read.
 */
export async function readHead(directory: string): Promise<string | undefined> {
  const dotGit = join(directory, '.git');
  // A link could name the repository of somebody else, whose commits would then be pushed.
  if (!(await isDirectory(dotGit))) return undefined;
  const head = await readSmall(join(dotGit, 'HEAD'));
  if (head === undefined || hash.test(head)) return head;
  const ref = /^ref: (refs\/[^\0-\x20\x7f]{1,300})$/.exec(head)?.[1];
  if (ref === undefined || ref.split('/').some((part) => part === '..' || part === '.'))
    return undefined;
  return readRef(directory, ref);
}

/** The commit of a reference in the repository of an agent; undefined when there is none. */
export async function readRef(directory: string, ref: string): Promise<string | undefined> {
  const dotGit = join(directory, '.git');
  if (!(await isDirectory(dotGit))) return undefined;
  const loose = await readSmall(join(dotGit, ref));
  if (loose !== undefined) return hash.test(loose) ? loose : undefined;
  const packed = (await readSmall(join(dotGit, 'packed-refs'))) ?? '';
  const line = packed.split('\n').find((each) => each.endsWith(` ${ref}`));
  const [commit = ''] = line?.split(' ') ?? [];
  return hash.test(commit) ? commit : undefined;
}

async function isDirectory(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined))?.isDirectory() === true;
}

/** An ordinary file, without blanks at its ends; undefined for anything else. */
async function readSmall(path: string): Promise<string | undefined> {
  const found = await lstat(path).catch(() => undefined);
  if (found?.isFile() !== true || found.size > maxRefBytes) return undefined;
  return (await readFile(path, 'utf8').catch(() => undefined))?.trim();
}

/**
 * Takes a commit of an agent, with all that it needs, into the mirror. Its objects are read as data from the directory
 * of objects; each is hashed and checked on the way. Throws a `WorkspaceError` when they are not whole.
 */
export async function importCommit(
  {
    repository,
    directory,
    commit,
  }: { readonly repository: string; readonly directory: string; readonly commit: string },
  signal: AbortSignal,
): Promise<void> {
  if ((await resolve({ repository }, commit, signal)) === commit) return;
  const dotGit = join(directory, '.git');
  const objects = join(dotGit, 'objects');
  if (!(await isDirectory(dotGit))) throw odd(dotGit);
  await refuseOddObjects(objects, repository);
  const tips = await localGit({ repository }, ['for-each-ref', '--format=%(objectname)'], {
    signal,
  });
  const input = `${commit}\n--not\n${tips}\n`;
  const pack = await gitBytes(
    { repository, objects },
    ['pack-objects', '--revs', '--thin', '--stdout', '--quiet', '--delta-base-offset'],
    { signal, input, maxBytes: maxPackBytes },
  );
  const args = ['index-pack', '--stdin', '--fix-thin', '--strict'];
  await localGit({ repository }, args, { signal, input: pack });
}

/**
 * Links and alternates could name the objects of another repository of this machine, which a commit would then carry
 * away: the only other objects are those of the mirror.
 */
async function refuseOddObjects(objects: string, repository: string): Promise<void> {
  if (!(await isDirectory(objects))) throw odd(objects);
  let entries = 0;
  for await (const entry of await opendir(objects, { recursive: true })) {
    if (!entry.isDirectory() && !entry.isFile()) throw odd(join(entry.parentPath, entry.name));
    if ((entries += 1) > maxObjectFiles) throw odd(objects);
  }
  const alternates = join(objects, 'info', 'alternates');
  // One that is too long to be read is odd as well.
  const isThere = (await lstat(alternates).catch(() => undefined)) !== undefined;
  if (isThere && (await readSmall(alternates)) !== join(repository, 'objects'))
    throw odd(alternates);
}

function odd(path: string): WorkspaceError {
  return new WorkspaceError(
    'unusable',
    `${path} is not what git makes: the agent's commits stay there.`,
  );
}
