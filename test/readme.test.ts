import { existsSync, readdirSync, readFileSync } from 'node:fs';

import { expect, test } from 'vitest';
import { z } from 'zod';

import { runCommandLine } from '../src/cli/command-line.ts';
import { gateNames, gateStatuses } from '../src/gates/gate.ts';
import { sandboxModes } from '../src/gates/report.ts';

const root = new URL('../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');
const readme = read('README.md');

test('CI runs the two commands of the README exactly as they are written', () => {
  const ci = read('.ci/run').split('\n');
  for (const command of ['npm ci && npm run demo', 'npm ci && npm test']) {
    expect(readme.split('\n')).toContain(command);
    expect(ci).toContain(command);
  }
  expect(ci.at(-2)).toBe('npm ci && npm test');
});

test('every npm script the README names exists', () => {
  const { scripts } = z
    .object({ scripts: z.record(z.string(), z.string()) })
    .parse(JSON.parse(read('package.json')));
  const named = [...readme.matchAll(/npm run ([\w:]+)/g)].map(([, name]) => name ?? '');
  expect(named.length).toBeGreaterThan(0);
  expect(Object.keys(scripts)).toEqual(expect.arrayContaining(named));
});

test('the map of src names what is there, and all of it', () => {
  const rows = readme.slice(readme.indexOf('| `src/`')).split('\n').slice(2);
  const cells = rows.map((row) => row.split('|')[1] ?? '').join();
  const named = [...cells.matchAll(/`([\w.-]+\/?)`/g)].map(([, name]) => name ?? '');
  const present = readdirSync(new URL('src/', root), { withFileTypes: true })
    .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
    .filter((name) => !['errors.ts', 'log.ts'].includes(name));
  expect(named.sort()).toEqual(present.sort());
});

const gatesSection = /^## Gates\n([^]*?)^## /m.exec(readme)?.[1] ?? '';

test('the section on gates has a row for every gate, status and sandbox mode', () => {
  const rows = [...gatesSection.matchAll(/^\| `(\w+)` /gm)].map(([, name]) => name);
  expect(rows).toEqual([...gateNames, ...gateStatuses, ...sandboxModes]);
});

test('the section on gates names every option that the command takes', async () => {
  let help = '';
  const output = { write: (text: string) => (help += text) };
  await runCommandLine(['gates', '--help'], {
    stdout: output,
    stderr: output,
    environment: () => ({}),
  });
  const options = help.match(/(?<=^ +)--[a-z-]+/gm) ?? [];
  expect(options).toContain('--base');
  for (const option of options) expect(gatesSection).toContain(option);
});

test('what the package offers as a library is built from a file that is there', () => {
  const { exports } = z
    .object({ exports: z.record(z.string(), z.object({ default: z.string() })) })
    .parse(JSON.parse(read('package.json')));
  expect(readme).toContain("from 'mosaic-coordinator/gates'");
  expect(Object.keys(exports)).toEqual(['./gates']);
  for (const { default: built } of Object.values(exports)) {
    const source = built.replace('./dist/', 'src/').replace(/\.js$/, '.ts');
    expect(existsSync(new URL(source, root))).toBe(true);
  }
});
