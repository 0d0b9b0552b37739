import { proposeInstall } from './install-javascript.ts';
import { proposeBuild } from './build-javascript.ts';
import { proposeLint } from './lint-javascript.ts';
import { proposeTests } from './test-javascript.ts';
import { readPackageJson } from './package-json.ts';
import type { Project } from './project.ts';
import { join, nothing, type Proposal } from './proposal.ts';

/** What package.json, its lockfile and its scripts say. */
export async function proposeJavaScript(project: Project): Promise<Proposal> {
  const json = await readPackageJson(project);
  if (json === undefined) return nothing;
  if (typeof json === 'string') return { ...nothing, notes: [json] };
  return join(
    await proposeInstall(project, json),
    await proposeBuild(project, json),
    await proposeLint(project, json),
    proposeTests(json),
  );
}
