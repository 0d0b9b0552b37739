import { lstat, readFile, realpath } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

import { git } from '../checkout/git-command.ts';
import { resolveCommit } from '../checkout/configuration.ts';
import type { Repository } from '../checkout/repository.ts';
import { GatesError } from '../gates-error.ts';
import { gatesFilePath, noGatesFile, parseGatesFile, type GatesFile } from './schema.ts';

/** Maximum bytes of the gates file; its lists and texts are bounded too. */
const maxBytes = 256 * 1024;

export interface GatesFileRequest {
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
export async function readGatesFile(request: GatesFileRequest): Promise<GatesFileRead> {
  const { ref } = request;
  const text = ref === undefined ? await fromWorkTree(request) : await fromRef({ ...request, ref });
  if (text === undefined) return { file: noGatesFile, from: null };
  const from = ref === undefined ? gatesFilePath : `${gatesFilePath} at ${ref}`;
  return { file: parseGatesFile(text, from), from };
}

async function fromWorkTree({ directory }: GatesFileRequest): Promise<string | undefined> {
  const path = join(directory, gatesFilePath);
  const stats = await lstat(path).catch(() => undefined);
  if (stats === undefined) return undefined;
  if (!stats.isFile() || stats.size > maxBytes)
    throw new GatesError(
      'gates_file_invalid',
      `${gatesFilePath} is no plain file of at most ${maxBytes} bytes: make it one.`,
    );
  return readFile(path, 'utf8');
}

async function fromRef({
  directory,
  repository,
  ref,
  signal,
}: GatesFileRequest & { readonly ref: string }): Promise<string | undefined> {
  // Without a repository, whatever needs the ref says so itself.
  if (repository === undefined) return undefined;
  const { root } = repository;
  const commit = await resolveCommit(root, { ref, signal });
  const path = relative(await realpath(root), join(await realpath(directory), gatesFilePath));
  const object = `${commit}:${path.replaceAll(sep, '/')}`;
  const { exitCode, stdout } = await git(root, ['cat-file', 'blob', object], { signal, maxBytes });
  return exitCode === 0 ? stdout.toString('utf8') : undefined;
}
