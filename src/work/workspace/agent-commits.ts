import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { gitBytes, localGit, resolve } from './local-git.ts';
import { WorkspaceError } from './workspace-error.ts';

/** Maximum size of what an agent committed, packed. */
const maxPackBytes = 256 * 1024 * 1024;
const hash = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
/** Longest file of references that is read. */
const maxRefBytes = 16 * 1024 * 1024;

/**
 * The commit that is checked out in a directory of an agent; undefined when none can be read. The agent may have
 * written anything there, so no git runs in it: configuration, hooks and filters of the agent are never read.
 */
export async function readHead(directory: string): Promise<string | undefined> {
  const dotGit = join(directory, '.git');
  const head = await readSmall(join(dotGit, 'HEAD'));
  if (head === undefined || hash.test(head)) return head;
  const ref = /^ref: (refs\/[^\0-\x20\x7f]{1,300})$/.exec(head)?.[1];
  if (ref === undefined || ref.split('/').some((part) => part === '..' || part === '.'))
    return undefined;
  const loose = await readSmall(join(dotGit, ref));
  if (loose !== undefined) return hash.test(loose) ? loose : undefined;
  const packed = (await readSmall(join(dotGit, 'packed-refs'))) ?? '';
  const line = packed.split('\n').find((each) => each.endsWith(` ${ref}`));
  const [commit = ''] = line?.split(' ') ?? [];
  return hash.test(commit) ? commit : undefined;
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
  const objects = join(directory, '.git', 'objects');
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
  const odd = (path: string) =>
    new WorkspaceError(
      'unusable',
      `${path} is not what git makes: the agent's commits stay there.`,
    );
  if (!(await lstat(objects).catch(() => undefined))?.isDirectory()) throw odd(objects);
  for (const entry of await readdir(objects, { withFileTypes: true, recursive: true }))
    if (!entry.isDirectory() && !entry.isFile()) throw odd(join(entry.parentPath, entry.name));
  const alternates = await readSmall(join(objects, 'info', 'alternates'));
  if (alternates !== undefined && alternates !== join(repository, 'objects'))
    throw odd(join(objects, 'info', 'alternates'));
}
