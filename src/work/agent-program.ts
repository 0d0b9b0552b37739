import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { delimiter, isAbsolute, join, sep } from 'node:path';

/**
 * The absolute path of a program; undefined when there is none. A name is searched in the absolute folders of the
 * search path: others would mean the worktree, whose files are not the operator's.
 */
export function findProgram(name: string, searchPath: string): string | undefined {
  const places = isAbsolute(name)
    ? [name]
    : searchPath
        .split(delimiter)
        .flatMap((entry) => (isAbsolute(entry) ? [join(entry, name)] : []));
  return name.includes(sep) && !isAbsolute(name) ? undefined : places.find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/**
 * What a sandbox has to show for this program to start: the program, the file that it links to, and for a program of
 * npm the packages around that file.
 */
export function filesOfProgram(program: string): string[] {
  const file = realpathSync(program);
  const packages = `${sep}node_modules${sep}`;
  const at = file.indexOf(packages);
  return [...new Set([program, file, ...(at === -1 ? [] : [file.slice(0, at + packages.length)])])];
}
