import { posix } from 'node:path';

import { readPackages } from '../../../tools/scope/packages.ts';
import type { Project } from '../project.ts';
import type { Proposal } from '../proposal.ts';
import { runScript } from './build-before-tests.ts';
import { readPackageJson, type PackageJson } from './package-json.ts';

/** Folders into which packages are built, as the path of what others import. */
const built = /"(?:\.\/)?(?:dist|build|out|esm|cjs)\//;
/** Maximum folders that are looked at for members of the workspace. */
const maxFolders = 500;

/**
 * The step that builds a workspace in which packages import what the build of others wrote. With a note, for they
 * may as well be tested by their sources.
 */
export async function proposeWorkspaceBuild(
  project: Project,
  json: PackageJson,
): Promise<Partial<Proposal>> {
  const files = await manifests(project);
  const { own } = await readPackages(files, project.text);
  const members = [];
  for (const folder of own) {
    const text = await project.text(posix.join(folder, 'package.json'));
    const member = folder === '.' ? undefined : await readPackageJson(project, folder);
    if (typeof member === 'object') members.push({ ...member, isBuilt: built.test(text ?? '') });
  }
  for (const { name, uses } of members) {
    const needed = members.find((other) => other.isBuilt && other.name !== '' && uses(other.name));
    if (needed === undefined) continue;
    const why = `Packages of the workspace import what others build (${name || 'one'} imports ${needed.name})`;
    if (json.scripts['build'] === undefined)
      return { notes: [`${why}, and there is no script build at the top: add the step to build.`] };
    const step = runScript(json, 'build');
    return {
      build: [step],
      notes: [
        `${why}, so build is ${step}. It has no network; leave it out when the gates pass without.`,
      ],
    };
  }
  return {};
}

/** The package.json of folders below the top, two levels deep: packages/a, apps/b. */
async function manifests(project: Project): Promise<readonly string[]> {
  const folders: string[] = [];
  for (const top of await project.names())
    if (top !== 'node_modules' && !top.startsWith('.'))
      folders.push(top, ...(await project.names(top)).map((name) => posix.join(top, name)));
  const files: string[] = [];
  for (const folder of folders.slice(0, maxFolders))
    if (await project.has(posix.join(folder, 'package.json')))
      files.push(posix.join(folder, 'package.json'));
  return files;
}
