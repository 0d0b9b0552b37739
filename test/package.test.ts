import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';
import { z } from 'zod';

import { projectRoot } from './support/docs.ts';

const manifest = z
  .looseObject({ files: z.array(z.string()), private: z.never().optional() })
  .parse(JSON.parse(readFileSync(`${projectRoot}package.json`, 'utf8')));

test('the package holds the program and its pages, and nothing of the tests', () => {
  const listing = z
    .array(z.object({ files: z.array(z.object({ path: z.string() })) }))
    .parse(JSON.parse(npmPack()));
  const paths = listing.flatMap(({ files }) => files.map(({ path }) => path));
  const outside = paths.filter((path) => !/^(dist|docs)\//.test(path));
  expect(outside.toSorted()).toEqual(
    ['CHANGELOG.md', 'LICENSE', 'README.md', 'SECURITY.md', 'package.json'].toSorted(),
  );
  expect(paths).toContain('docs/gates/command-line.md');
  expect(paths.filter((path) => path.endsWith('.map'))).toEqual([]);
  expect(manifest.files).toContain('dist');
}, 120_000);

/** What npm would pack; it builds nothing. */
function npmPack(): string {
  return execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts', '--offline'], {
    cwd: projectRoot,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}
