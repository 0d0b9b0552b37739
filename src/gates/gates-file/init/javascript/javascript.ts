import { proposeInstall } from './install.ts';
import { proposeBuild } from './build.ts';
import { proposeLint } from './lint.ts';
import { proposeTests } from './tests.ts';
import { proposeWorkspaceBuild } from './workspace-build.ts';
import { readPackageJson } from './package-json.ts';
import type { Project } from '../project.ts';
import { join, nothing, type Proposal } from '../proposal.ts';

/** What package.json, its lockfile and its scripts say. */
export async function proposeJavaScript(project: Project): Promise<Proposal> {
  const json = await readPackageJson(project);
  if (json === undefined) return nothing;
  if (typeof json === 'string') return { ...nothing, notes: [json] };
  const tests = proposeTests(json);
  // What the scripts build before the tests is known better.
  const isBuilt = (tests.build ?? []).length > 0;
  return join(
    await proposeInstall(project, json),
    await proposeBuild(project, json),
    await proposeLint(project, json),
    tests,
    isBuilt ? {} : await proposeWorkspaceBuild(project, json),
  );
}
