import { copyFile, lstat, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { removeTree } from '../../gates/checkout/private-directory.ts';
import type { Author } from './files.ts';
import { ignoredPaths } from './mirror.ts';

export interface DotGitContent {
  /** The mirror, whose objects are read in place. */
  readonly repository: string;
  readonly commit: string;
  readonly branch: string;
  /** Branches of the remote repository, each with its head. */
  readonly remoteBranches: ReadonlyMap<string, string>;
  /** Other branches of the repository, each with its commit. */
  readonly branches: ReadonlyMap<string, string>;
  readonly url: string;
  readonly author: Author;
  /** Describes the files, as if `commit` were checked out. */
  readonly index: string;
}

/**
 * Writes the `.git` of an agent's checkout anew, whatever was there: locks, a merge that was broken off, a detached
 * head, hooks and configuration are gone. Objects and logs stay, so nothing that the agent committed anywhere is lost.
 * The repository has an address, but no credential.
 */
export async function writeDotGit(directory: string, content: DotGitContent): Promise<void> {
  const dotGit = join(directory, '.git');
  await keepOnly(dotGit, ['objects', 'logs']);
  await keepOnly(join(dotGit, 'objects'), undefined);
  const { repository, commit, branch, branches, remoteBranches, index } = content;
  const refs = [
    ...[...branches, [branch, commit]].map(([name, head]) => [`refs/heads/${name}`, head]),
    ...[...remoteBranches].map(([name, head]) => [`refs/remotes/origin/${name}`, head]),
  ].map(([name = '', head = '']) => `${head} ${name}\n`);
  const files = {
    config: configOf(content),
    'packed-refs': refs.toSorted((a, b) => (a.slice(41) < b.slice(41) ? -1 : 1)).join(''),
    'info/exclude': ignoredPaths,
    'objects/info/alternates': `${join(repository, 'objects')}\n`,
  };
  await mkdir(join(dotGit, 'refs', 'heads'), { recursive: true });
  await removeTree(join(dotGit, 'objects', 'info'));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(dotGit, name)), { recursive: true });
    await writeFile(join(dotGit, name), text);
  }
  await copyFile(index, join(dotGit, 'index'));
  // Last: a `.git` without it is half made.
  await writeFile(join(dotGit, 'HEAD'), `ref: refs/heads/${branch}\n`);
}

/** Makes a directory that holds only these entries; all it has for undefined. A link or a file in its place goes. */
async function keepOnly(directory: string, names: readonly string[] | undefined): Promise<void> {
  const found = await lstat(directory).catch(() => undefined);
  if (found !== undefined && !found.isDirectory()) await rm(directory, { force: true });
  await mkdir(directory, { recursive: true });
  if (names === undefined) return;
  for (const name of await readdir(directory))
    if (!names.includes(name)) await removeTree(join(directory, name));
}

function configOf({ url, author, branch }: DotGitContent): string {
  return `[core]
\trepositoryformatversion = 0
\tbare = false
\tlogAllRefUpdates = true
[gc]
\tauto = 0
[user]
\tname = ${quoted(author.name)}
\temail = ${quoted(author.email)}
[remote "origin"]
\turl = ${quoted(url)}
\tfetch = +refs/heads/*:refs/remotes/origin/*
\tpushurl = "the runner pushes ${branch} when the agent has ended"
`;
}

function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, '\\$&').replaceAll(/\p{Cc}/gu, ' ')}"`;
}
