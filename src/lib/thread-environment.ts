import { getCompileCacheDir } from 'node:module';

/**
 * The environment of a thread: no secret of the process, but where Node keeps what it compiled, if it does. A
 * thread then starts in half the time.
 */
export function threadEnvironment(): Record<string, string> {
  const directory = getCompileCacheDir();
  return directory === undefined ? {} : { NODE_COMPILE_CACHE: directory };
}
