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

/** What is wrong where there is no such program, and what to do. `name` is an absolute path or a name to search. */
export function missingProgram(name: string): { readonly problem: string; readonly cure: string } {
  return isAbsolute(name)
    ? {
        problem: `There is no program ${name} that may be run.`,
        cure: `Correct the path, or make the file a program: chmod +x ${name}`,
      }
    : {
        problem: `There is no program ${name} in the search path.`,
        cure: 'Install it, or give the absolute path of its program.',
      };
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
