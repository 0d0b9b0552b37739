import { lstat, readFile, realpath } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

import { git } from '../checkout/git-command.ts';
import { resolveCommit } from '../checkout/configuration.ts';
import type { Repository } from '../checkout/repository.ts';
import { GatesError } from '../gates-error.ts';
import { noGatesFile, parseGatesFile } from './parse-gates-file.ts';
import { gatesFilePath, type GatesFile } from './schema.ts';

/** Maximum bytes of such a file: a baseline of tens of thousands of findings. */
const maxBytes = 8 * 1024 * 1024;

/** A file of the project that decides verdicts, so it is read from the base ref where there is one. */
export interface ProjectFileRequest {
  /** Relative to the directory under check. */
  readonly path: string;
  readonly directory: string;
  readonly repository: Repository | undefined;
  /** Ref to read it from; undefined for the work tree, which whoever wrote the code under check may have edited. */
  readonly ref: string | undefined;
  readonly signal: AbortSignal;
}

export interface GatesFileRead {
  readonly file: GatesFile;
  /** `.mosaic/gates.json`, with ` at REF` when it is read from a ref; null when there is none. */
  readonly from: string | null;
}

/** Reads `.mosaic/gates.json` of the directory under check. Rejects with `gates_file_invalid` when it cannot be used. */
export async function readGatesFile(
  request: Omit<ProjectFileRequest, 'path'>,
): Promise<GatesFileRead> {
  const { text, from } = await readProjectFile({ ...request, path: gatesFilePath });
  if (text === undefined) return { file: noGatesFile, from: null };
  return { file: parseGatesFile(text, from), from };
}

/** The text of such a file, undefined when there is none; `from` names it, with the ref, in messages. */
export async function readProjectFile(
  request: ProjectFileRequest,
): Promise<{ readonly text: string | undefined; readonly from: string }> {
  const { ref, path } = request;
  const text = ref === undefined ? await fromWorkTree(request) : await fromRef({ ...request, ref });
  return { text, from: ref === undefined ? path : `${path} at ${ref}` };
}

async function fromWorkTree({
  directory,
  path: name,
}: ProjectFileRequest): Promise<string | undefined> {
  const path = join(directory, name);
  const stats = await lstat(path).catch(() => undefined);
  if (stats === undefined) return undefined;
  if (!stats.isFile() || stats.size > maxBytes)
    throw new GatesError(
      'gates_file_invalid',
      `${name} is no plain file of at most ${maxBytes} bytes: make it one.`,
    );
  return readFile(path, 'utf8');
}

async function fromRef({
  directory,
  repository,
  ref,
  signal,
  path: name,
}: ProjectFileRequest & { readonly ref: string }): Promise<string | undefined> {
  // Without a repository, whatever needs the ref says so itself.
  if (repository === undefined) return undefined;
  const { root } = repository;
  const commit = await resolveCommit(root, { ref, signal });
  const path = relative(await realpath(root), join(await realpath(directory), name));
  const object = `${commit}:${path.replaceAll(sep, '/')}`;
  const found = await git(root, ['rev-parse', '--verify', '--quiet', object], { signal, maxBytes });
  if (found.exitCode !== 0) return undefined;
  // A clone with a filter knows that the file is there without having it.
  const { exitCode, stdout, stderr } = await git(root, ['cat-file', 'blob', object], {
    ...{ signal, maxBytes },
  });
  if (exitCode === 0) return stdout.toString('utf8');
  throw new GatesError(
    'gates_git_failed',
    `git cannot read ${name} at ${ref}: ${stderr} (Fetch the whole history, without a filter: git fetch --refetch --no-filter.)`,
  );
}
