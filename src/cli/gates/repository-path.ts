import { existsSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';

/**
 * Names files of the directory under check as forges do: relative to the root of its git checkout, with `/`; outside of
 * git relative to the directory itself.
 */
export function namesInRepository(directory: string): (file: string) => string {
  const root = rootAbove(directory) ?? directory;
  return (file) => relative(root, resolve(directory, file)).split(sep).join('/');
}

function rootAbove(directory: string): string | undefined {
  for (let at = directory; ; at = dirname(at)) {
    if (existsSync(join(at, '.git'))) return at;
    if (at === dirname(at)) return undefined;
  }
}
