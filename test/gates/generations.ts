import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { execa } from 'execa';

import { projects } from './support/projects.ts';
import { checkProject, renderTable, type Row } from './support/truth-table.ts';

/** The tools one generation back, against the same table. */
const generation = [
  'typescript@5.9.3',
  'eslint@9.39.5',
  'vitest@4.1.12',
  '@vitest/coverage-v8@4.1.12',
  'vite@7.1.12',
];

const directory = await mkdtemp(path.join(tmpdir(), 'gates-generation-'));
try {
  await writeFile(path.join(directory, 'package.json'), '{ "private": true }');
  const npm = execa({ cwd: directory, stdio: 'inherit' });
  await npm`npm install --ignore-scripts --no-audit --no-fund ${generation}`;
  await npm`npm ls --depth 0`;

  const rows: Row[] = [];
  for (const project of projects) {
    const nodeModules = path.join(directory, 'node_modules');
    const checked = await checkProject(project, { nodeModules, sandbox: 'none' });
    rows.push(...checked.rows);
    process.stderr.write(`${project.name}\n`);
  }
  process.stdout.write(`${renderTable(rows)}\n`);
  if (rows.some(({ expected, got }) => expected !== got)) process.exitCode = 1;
} finally {
  await rm(directory, { recursive: true, force: true });
}
