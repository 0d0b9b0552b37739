import { open, readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';

/** Maximum bytes of a file that is read, and entries of a directory. Lockfiles are larger, and not read whole. */
const maxBytes = 1024 * 1024;
const maxNames = 2_000;
const headBytes = 4_096;

/** Reads a directory of the project; nothing of the project is run. */
export interface Project {
  /** Names in the directory, sorted; empty when there is none. */
  readonly names: (directory?: string) => Promise<readonly string[]>;
  /** Text of a file; undefined when there is no plain file of at most 1 MiB. */
  readonly text: (file: string) => Promise<string | undefined>;
  /** The first 4 KiB of a file, however large; empty when there is none. */
  readonly head: (file: string) => Promise<string>;
  readonly has: (file: string) => Promise<boolean>;
}

/** Opens the directory for reading. */
export function openProject(root: string): Project {
  const stats = (file: string) => stat(path.join(root, file)).catch(() => undefined);
  return {
    names: async (directory = '.') => {
      const names = await readdir(path.join(root, directory)).catch(() => []);
      return names.toSorted().slice(0, maxNames);
    },
    text: async (file) => {
      const found = await stats(file);
      if (found?.isFile() !== true || found.size > maxBytes) return undefined;
      return readFile(path.join(root, file), 'utf8').catch(() => undefined);
    },
    head: async (file) => {
      if ((await stats(file))?.isFile() !== true) return '';
      const handle = await open(path.join(root, file)).catch(() => undefined);
      if (handle === undefined) return '';
      try {
        const { buffer, bytesRead } = await handle.read(Buffer.alloc(headBytes), 0, headBytes, 0);
        return buffer.toString('utf8', 0, bytesRead);
      } finally {
        await handle.close();
      }
    },
    has: async (file) => (await stats(file)) !== undefined,
  };
}
