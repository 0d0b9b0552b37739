import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

/** Bytes kept of the head, and as many of the tail, of each stream. */
const keptBytes = 64 * 1024;

export type CapturedOutput = ReturnType<typeof captureOutput>;

/**
 * Opens files for the two streams of a process. Files, not pipes: a descendant that outlives the process would
 * hold a pipe open, and the run would wait for it.
 */
export function captureOutput(directory: string) {
  const stdout = openOutput(directory, 'stdout');
  const stderr = openOutput(directory, 'stderr');
  return {
    stdout,
    stderr,
    /** Bytes written so far to both. */
    size: () => fstatSync(stdout).size + fstatSync(stderr).size,
    /** Head and tail of both, for people; closes the files. */
    finish() {
      const texts = { stdout: headAndTail(stdout), stderr: headAndTail(stderr) };
      closeSync(stdout);
      closeSync(stderr);
      return texts;
    },
  };
}

function openOutput(directory: string, name: string) {
  const file = openSync(join(directory, name), 'wx+', 0o600);
  if (!isInheritable(file)) throw new Error(`descriptor ${file} is one of the standard streams`);
  return file;
}

/** execa accepts any descriptor; its types list only the first ten. */
function isInheritable(file: number): file is 3 {
  return file > 2;
}

function headAndTail(file: number): string {
  const { size } = fstatSync(file);
  if (size <= 2 * keptBytes) return readable(read(file, 0, size));
  const omitted = size - 2 * keptBytes;
  const head = readable(read(file, 0, keptBytes));
  const tail = readable(read(file, size - keptBytes, keptBytes));
  return `${head}\n[${omitted} bytes left out]\n${tail}`;
}

function read(file: number, position: number, length: number): string {
  const buffer = Buffer.alloc(length);
  return buffer.toString('utf8', 0, readSync(file, buffer, 0, length, position));
}

function readable(text: string): string {
  return stripVTControlCharacters(text)
    .replaceAll('\r\n', '\n')
    .replace(/\p{Cc}/gu, (control) => ('\n\t'.includes(control) ? control : ''));
}
