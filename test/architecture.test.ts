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

/** The files of src that a file imports, types included. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(source, file), 'utf8');
  const specifiers = [...text.matchAll(/^(?:import|export|\}) [^;]*?from '(\.[^']+)';$/gm)];
  return specifiers.map(([, path = '']) => relative(source, join(source, dirname(file), path)));
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
  const reached = new Set<string>();
  const next = ['cli/gates/command-line.ts'];
  for (let file = next.pop(); file !== undefined; file = next.pop()) {
    if (reached.has(file)) continue;
    reached.add(file);
    next.push(...importsOf(file));
  }
  const rooms = new Set([...reached].map((file) => file.split('/')[0]));
  expect(rooms).toContain('gates');
  for (const room of ['app', 'db', 'claude', 'http', 'reading', 'plans', 'inbox'])
    expect(rooms).not.toContain(room);
});

const arrows = [
  ['src/db/database.ts', '../plans/edges.ts'],
  ['src/plans/edges.ts', '../claims/claim-rows.ts'],
  ['src/reading/reader.ts', '../handling/handle-issue.ts'],
  ['src/gates/run-gates.ts', '../log.ts'],
  ['src/inbox/queue.ts', '../app/coordinator.ts'],
] as const;

test.each(arrows)('lint refuses an arrow back: %s imports %s', async (filePath, target) => {
  const eslint = new ESLint({ cwd: root, overrideConfig: tseslint.configs.disableTypeChecked });
  const [result] = await eslint.lintText(`import '${target}';\n`, {
    filePath: join(root, filePath),
  });
  expect(result?.messages.map(({ ruleId }) => ruleId)).toContain('no-restricted-imports');
});
