import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';

/**
 * The directory for the work of one coordinator. Two of them at one host have different paths, and ids of repositories
 * that mean different repositories: their mirrors must not meet.
 */
export function directoryOf(directory: string, url: string): string {
  const { host, pathname } = new URL(url);
  const path = pathname.replace(/\/+$/, '');
  const mark = createHash('sha256').update(path).digest('hex').slice(0, 12);
  const name = host.replaceAll(/[^\w.-]/g, '-');
  return join(resolve(directory), path === '' ? name : `${name}-${mark}`);
}
