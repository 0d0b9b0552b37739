import { fileURLToPath } from 'node:url';

import { afterAll, describe, expect, it } from 'vitest';

import { readEnvironment } from '../../src/config.ts';
import { runMarker } from '../../src/gates/process/environment.ts';
import { projects } from './support/projects.ts';
import { checkProject, isAbout, renderTable, type Row } from './support/truth-table.ts';

const nodeModules = fileURLToPath(new URL('../../node_modules', import.meta.url));
/** Run by the gates themselves, which would count these processes with their own. */
const nested = readEnvironment()[runMarker] !== undefined;
const ours = projects.filter((project) => isAbout(project, nodeModules));
const trickyProjects = ours.filter((project) => project.everySandbox);

describe.skipIf(nested)('the gates on real little projects', () => {
  const rows: Row[] = [];

  describe.each([
    { sandbox: 'none', projects: ours },
    { sandbox: 'unshare', projects: trickyProjects },
    { sandbox: 'bwrap', projects: trickyProjects },
  ] as const)('in the sandbox $sandbox', ({ sandbox, projects }) => {
    it.for(projects)('$name', { timeout: 120_000 }, async (project, { skip }) => {
      const checked = await checkProject(project, { nodeModules, sandbox });
      rows.push(...checked.rows);
      skip(checked.untested, 'This sandbox does not start here: not tested.');
      const got = Object.fromEntries(checked.rows.map((row) => [row.gate, row.got]));
      expect(got).toEqual(project.expected);
      expect(checked).toMatchObject({ survivors: [], late: [] });
    });
  });

  afterAll(() => {
    process.stdout.write(`\n${renderTable(rows)}\n`);
  });
});
