import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { z } from 'zod';

import { readEnvironment } from '../src/config.ts';
import { runMarker } from '../src/gates/process/environment.ts';

/**
 * Cost of the gates beside the plain tools run by hand, one after the other in one run:
 * `npm run bench -- gates`, or `npm run bench -- gates DIR` on another project. The goal is at most 1.1 times the longer of build
 * and lint plus the tests: that is what the gates run side by side, and what they run alone.
 */
const goal = 1.1;
const main = resolve('src/main.ts');
const project = resolve(process.argv[2] ?? '.');
const directory = mkdtempSync(join(tmpdir(), 'bench-gates-'));

const reportSchema = z.object({
  verdict: z.string(),
  gates: z.array(z.object({ gate: z.string(), status: z.string(), durationMs: z.number() })),
});

interface Timed {
  readonly name: string;
  readonly args: readonly string[];
  readonly cwd: string;
}

/** Wall time of a Node process in seconds. Its output goes to a file, as that of the gates' tools does. */
async function time({ name, args, cwd }: Timed) {
  const file = join(directory, name);
  const output = openSync(file, 'w');
  const startedAt = performance.now();
  // Tests that start gates themselves are left out when they run inside the gates; so by hand, too.
  const env = { ...readEnvironment(), [runMarker]: 'by-hand' };
  const child = spawn(process.execPath, args, { cwd, env, stdio: ['ignore', output, 'ignore'] });
  await once(child, 'exit');
  const wall = (performance.now() - startedAt) / 1_000;
  closeSync(output);
  print(`${name.padEnd(8)} ${wall.toFixed(1)} s, exit code ${child.exitCode ?? 'none'}`);
  return { wall, file };
}

function tool(name: string, entry: string, ...args: readonly string[]): Promise<{ wall: number }> {
  return time({ name, args: [join(project, 'node_modules', entry), ...args], cwd: project });
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

try {
  print(`${project}\nby hand:`);
  const build = await tool('tsc', 'typescript/bin/tsc', '--noEmit');
  const lint = await tool('eslint', 'eslint/bin/eslint.js', '.');
  const tests = await tool('vitest', 'vitest/vitest.mjs', 'run', '--coverage');
  print('together:');
  const together = await time({
    name: 'gates',
    args: [
      '--import',
      'tsx',
      main,
      'gates',
      project,
      '--json',
      '--sandbox',
      'none',
      '--timeout',
      '900',
    ],
    cwd: resolve('.'),
  });
  const report = reportSchema.parse(JSON.parse(readFileSync(together.file, 'utf8')));
  for (const { gate, status, durationMs } of report.gates)
    print(`  ${gate.padEnd(9)} ${status}, ${(durationMs / 1_000).toFixed(1)} s`);
  const sum = build.wall + lint.wall + tests.wall;
  const most = Math.max(build.wall, lint.wall) + tests.wall;
  print(`sum by hand                     ${sum.toFixed(1)} s`);
  print(
    `longest by hand                 ${Math.max(build.wall, lint.wall, tests.wall).toFixed(1)} s`,
  );
  print(`max(build, lint) + tests        ${most.toFixed(1)} s`);
  print(
    `gates / (max(build, lint) + tests) = ${(together.wall / most).toFixed(2)}, goal <= ${goal}`,
  );
} finally {
  rmSync(directory, { recursive: true, force: true });
}
