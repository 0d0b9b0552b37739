import { CoordinatorError } from '../../errors.ts';
import { git, type GitOutput } from './git-command.ts';

/** Maximum bytes of a listing: a directory of 100,000 files. */
const listingBytes = 32_000_000;
/** Maximum bytes of file contents that git is asked for at once. A larger file is asked for by itself. */
const batchBytes = 16_000_000;
/** Maximum bytes of the line that git writes before each content. */
const headerBytes = 200;

/** What a commit holds at one path. */
export interface TreeEntry {
  /** In latin1, which keeps any bytes apart; `pathOf` reads it. */
  readonly name: string;
  /** As git writes it: 100644 and 100755 are files, 120000 is a link, 160000 a submodule. */
  readonly mode: string;
  readonly id: string;
  /** 0 for a submodule. */
  readonly bytes: number;
}

/** Lists all that a commit holds, wherever in the work tree `directory` lies. */
export async function listCommit(
  directory: string,
  commit: string,
  signal: AbortSignal,
): Promise<readonly TreeEntry[]> {
  const args = ['ls-tree', '-r', '-z', '-l', '--full-tree', commit];
  const listing = await gitOutput(directory, args, signal);
  return listing
    .toString('latin1')
    .split('\0')
    .flatMap((line): TreeEntry[] => {
      const match = /^(\d{6}) (?:blob|commit) ([0-9a-f]+) +(\d+|-)\t([^]+)$/.exec(line);
      const [, mode, id, bytes, name] = match ?? [];
      if (mode === undefined || id === undefined || name === undefined) return [];
      return [{ name, mode, id, bytes: bytes === '-' ? 0 : Number(bytes) }];
    });
}

/** The contents of these files and links, in their order; a few megabytes are held at a time. */
export async function* readContents<T extends Omit<TreeEntry, 'mode'>>(
  directory: string,
  entries: readonly T[],
  signal: AbortSignal,
): AsyncGenerator<readonly [T, Buffer]> {
  let batch: T[] = [];
  let bytes = 0;
  for (const entry of entries) {
    if (batch.length > 0 && bytes + entry.bytes > batchBytes) {
      yield* readBatch(directory, batch, signal);
      [batch, bytes] = [[], 0];
    }
    batch.push(entry);
    bytes += entry.bytes + headerBytes;
  }
  if (batch.length > 0) yield* readBatch(directory, batch, signal);
}

async function* readBatch<T extends Omit<TreeEntry, 'mode'>>(
  directory: string,
  entries: readonly T[],
  signal: AbortSignal,
): AsyncGenerator<readonly [T, Buffer]> {
  const args = ['cat-file', '--batch'];
  const input = entries.map(({ id }) => `${id}\n`).join('');
  const maxBytes = entries.reduce((sum, { bytes }) => sum + bytes + headerBytes, 1);
  const output = succeeded(await git(directory, args, { signal, maxBytes, input }), args);
  let offset = 0;
  for (const entry of entries) {
    const end = output.indexOf('\n', offset);
    const header = output.toString('latin1', offset, end);
    const size = Number(/^[0-9a-f]+ blob (\d+)$/.exec(header)?.[1] ?? NaN);
    if (end < 0 || Number.isNaN(size)) {
      throw new CoordinatorError(
        'blob_missing',
        `git does not have ${pathOf(entry.name)} of the base (${header}); fetch it: git fetch --refetch`,
      );
    }
    yield [entry, output.subarray(end + 1, end + 1 + size)];
    offset = end + 1 + size + 1;
  }
}

/** The path that a latin1 name stands for. */
export function pathOf(name: string): string {
  return Buffer.from(name, 'latin1').toString('utf8');
}

/** The output of a git command that must succeed. */
export async function gitOutput(
  directory: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<Buffer> {
  return succeeded(await git(directory, args, { signal, maxBytes: listingBytes }), args);
}

function succeeded(output: GitOutput, args: readonly string[]): Buffer {
  if (output.exitCode === 0) return output.stdout;
  const said = output.stderr.slice(0, 300) || `exit code ${output.exitCode}`;
  throw new CoordinatorError('git_failed', `git ${args[0] ?? ''} failed: ${said}`);
}
