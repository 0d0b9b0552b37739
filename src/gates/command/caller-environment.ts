/**
 * The environment of the calling process. The one place of the gates that reads it: the commands of the gates
 * file get parts of it (tool-chains.ts), all else gets nothing.
 */
export function callerEnvironment(): Readonly<Record<string, string | undefined>> {
  return process.env;
}
