/**
 * The table of truths with older and newer tools: `npm run gates:generations -- [filter]`, such as `eslint` or
 * `typescript 5`. Prints one table, row by version, and what went wrong.
 */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import Table from 'cli-table3';
import { execa } from 'execa';

import { generations, type Generation } from './support/generations.ts';
import type { Project } from './support/project.ts';
import { projects } from './support/projects.ts';
import { checkProject, isAbout, type Row } from './support/truth-table.ts';

const filter = process.argv.slice(2).join(' ');
const chosen = generations.filter(({ name }) => name.includes(filter));
if (chosen.length === 0) {
  process.stderr.write(
    `No generation is named by ${JSON.stringify(filter)}; there are: ${generations.map(({ name }) => name).join(', ')}.\n`,
  );
  process.exitCode = 2;
}

const results = new Map<Generation, readonly Row[]>();
for (const generation of chosen) results.set(generation, await rowsOf(generation));
if (results.size > 0) process.stdout.write(`${table()}\n${faults()}`);

/** Installs the tools of a generation and runs the rows that concern its gates. */
async function rowsOf({ name, packages, gates }: Generation): Promise<readonly Row[]> {
  const directory = await mkdtemp(path.join(tmpdir(), 'gates-generation-'));
  try {
    await writeFile(path.join(directory, 'package.json'), '{ "private": true }');
    const npm = execa({ cwd: directory });
    await npm`npm install --ignore-scripts --no-audit --no-fund --legacy-peer-deps ${packages}`;
    const nodeModules = path.join(directory, 'node_modules');
    const concerned = projects.flatMap((project): Project[] => {
      const expected = Object.entries(project.expected).filter(([gate]) => gates.includes(gate));
      if (expected.length === 0 || !isAbout(project, nodeModules)) return [];
      return [{ ...project, expected: Object.fromEntries(expected) }];
    });
    const checked: (readonly Row[])[] = [];
    const queue = concerned.entries();
    const work = async () => {
      for (const [index, project] of queue)
        checked[index] = (await checkProject(project, { nodeModules, sandbox: 'none' })).rows;
    };
    // Two at a time: much of a row is waiting for processes to start and to end.
    await Promise.all([work(), work()]);
    const rows = checked.flat();
    const wrong = rows.filter(({ expected, got }) => expected !== got).length;
    process.stderr.write(`${name}: ${rows.length - wrong} of ${rows.length}\n`);
    return rows;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Row by version: `ok`, the wrong status, or a dash where the row is not about this version. */
function table(): string {
  const rendered = new Table({
    head: ['row', 'gate', 'expected', ...chosen.map(({ name }) => name.replaceAll(' ', '\n'))],
    style: { head: [], border: [], compact: true },
  });
  const seen = [...results.values()].flat();
  const names = new Map(seen.map((row) => [`${row.project} ${row.gate}`, row]));
  for (const { project, gate, expected } of names.values()) {
    const cells = chosen.map((generation) => {
      const row = results
        .get(generation)
        ?.find((found) => found.project === project && found.gate === gate);
      if (row === undefined) return '-';
      return row.got === row.expected ? 'ok' : row.got;
    });
    rendered.push([project, gate, expected, ...cells]);
  }
  return rendered.toString();
}

function faults(): string {
  const wrong = [...results].flatMap(([{ name }, rows]) =>
    rows
      .filter(({ expected, got }) => expected !== got)
      .map((row) => `${name}, ${row.project}, ${row.gate}: ${row.got}, ${row.message}\n`),
  );
  if (wrong.length > 0) process.exitCode = 1;
  return wrong.join('');
}
