import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

import { ESLint } from 'eslint';
import tseslint from 'typescript-eslint';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../', import.meta.url));
const source = join(root, 'src');

const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.ts'),
);

/** The files of src that a file imports, types and what it loads later included. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(source, file), 'utf8');
  const specifiers = [
    ...text.matchAll(/^(?:import|export|\}) [^;]*?from '(\.[^']+)';$/gm),
    ...text.matchAll(/ import\('(\.[^']+)'\)/g),
  ];
  return specifiers.map(([, path = '']) => relative(source, join(source, dirname(file), path)));
}

/** What is loaded with a file: files of src, packages and modules of Node. */
function loadedBy(file: string): string[] {
  const text = readFileSync(join(source, file), 'utf8');
  const statements = text.matchAll(/^(?:import|export) (?!type )(?:[^;]*? from )?'([^']+)';$/gm);
  return [...statements].map(([, path = '']) =>
    path.startsWith('.') ? relative(source, join(source, dirname(file), path)) : path,
  );
}

/** These and all that follows from them by `next`. */
function closure(start: readonly string[], next: (file: string) => readonly string[]): Set<string> {
  const reached = new Set(start);
  // A set is walked with what is added meanwhile.
  for (const file of reached)
    if (file.endsWith('.ts')) for (const target of next(file)) reached.add(target);
  return reached;
}

/** Removes the files that import none of the others, again and again; the rest is in cycles, or imports one. */
function inCycles(imports: ReadonlyMap<string, readonly string[]>): string[] {
  const left = new Map(imports);
  for (let before = -1; before !== left.size;) {
    before = left.size;
    for (const [file, targets] of left)
      if (targets.every((target) => target === file || !left.has(target))) left.delete(file);
  }
  return [...left.keys()];
}

test('no file of src imports itself through others', () => {
  const imports = new Map(files.map((file) => [file, importsOf(file)]));
  expect([...imports.values()].flat().length).toBeGreaterThan(500);
  expect(inCycles(imports)).toEqual([]);
});

test('the gates start without what only the service needs', () => {
  const reached = closure(['cli/gates/command-line.ts'], importsOf);
  const rooms = new Set([...reached].map((file) => file.split('/')[0]));
  expect(rooms).toContain('gates');
  for (const room of ['app', 'db', 'claude', 'http', 'reading', 'plans', 'inbox'])
    expect(rooms).not.toContain(room);
});

test('the help of the gates starts without what only a run needs', () => {
  const loaded = [...closure(['cli/program.ts', 'cli/gates/command-line.ts'], loadedBy)];
  const packages = loaded.filter((name) => !name.endsWith('.ts') && !name.startsWith('node:'));
  expect(packages.toSorted()).toEqual(['commander', 'dotenv', 'zod']);
});

test.each(['db/sqlite/thread-main.ts', 'db/spool/thread-main.ts'])(
  'the thread %s starts without a library: each costs every start a tenth of a second',
  (entry) => {
    const packages = [...closure([entry], loadedBy)].filter((name) => !/\.ts$|^node:/.test(name));
    expect(packages).toEqual([]);
  },
);

const arrows = [
  ['src/db/database.ts', '../plans/edges.ts'],
  ['src/plans/edges.ts', '../claims/claim-rows.ts'],
  ['src/reading/reader.ts', '../handling/handle-issue.ts'],
  ['src/gates/run-gates.ts', '../log.ts'],
  ['src/inbox/queue.ts', '../app/coordinator.ts'],
] as const;

test.each(arrows)('lint refuses an arrow back: %s imports %s', async (filePath, target) => {
  const eslint = new ESLint({ cwd: root, overrideConfig: tseslint.configs.disableTypeChecked });
  const text = `import '${target}';\nawait import('${target}');\nawait import('./neighbour.ts');\n`;
  const [result] = await eslint.lintText(text, { filePath: join(root, filePath) });
  const refused = result?.messages.map(({ line, ruleId }) => [line, ruleId]);
  expect(refused).toEqual([
    [1, 'no-restricted-imports'],
    [2, 'no-restricted-syntax'],
  ]);
});
