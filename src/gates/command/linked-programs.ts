import { existsSync, lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

/** Maximum links that are followed one after another, as in the kernel. */
const maxHops = 40;

/**
 * Where the links of a directory of programs lead, step by step: pipx, uv and Homebrew put links into it. The
 * directory of a program is named with all that a virtual environment needs; what lies in no folder `bin` by itself,
 * for its folder may hold anything. Empty for a directory that cannot be read. Limit: a link to a link that lies in no
 * folder `bin` is seen as a file, so a program that asks for its own place is told that one.
 */
export function linkedPrograms(directory: string): readonly string[] {
  try {
    const links = readdirSync(directory, { withFileTypes: true }).filter((entry) =>
      entry.isSymbolicLink(),
    );
    const steps = links.flatMap(({ name }) => stepsOf(join(directory, name)));
    return [...new Set(steps.map(placeOf))].filter((place) => place !== directory);
  } catch {
    return [];
  }
}

/** The targets of a link and of those behind it. */
function stepsOf(link: string): readonly string[] {
  const steps: string[] = [];
  for (let at = link; steps.length < maxHops; steps.push(at)) {
    if (lstatSync(at, { throwIfNoEntry: false })?.isSymbolicLink() !== true) break;
    at = resolve(dirname(at), readlinkSync(at));
  }
  return steps;
}

function placeOf(program: string): string {
  const folder = dirname(program);
  if (basename(folder) !== 'bin') return program;
  const around = dirname(folder);
  return existsSync(join(around, 'pyvenv.cfg')) ? around : folder;
}
