import { cp, mkdir, mkdtemp, readdir, realpath, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { execa } from 'execa';

import { soundProject, type Project } from './project.ts';

/** Writes the project into a new temporary directory, which is the caller's to remove; tools come from `nodeModules`. */
export async function makeProject(project: Project, nodeModules: string) {
  const root = await mkdtemp(path.join(await realpath(tmpdir()), 'gates-project-'));
  if (project.committed) {
    await writeFiles(root, { ...soundProject, ...project.committed });
    await commitAll(root);
    await writeFiles(root, project.files);
  } else {
    await writeFiles(root, { ...soundProject, ...project.files });
  }
  await linkTools(path.join(root, 'node_modules'), nodeModules, project.without);
  return { root, directory: path.join(root, project.directory ?? '.') };
}

async function writeFiles(root: string, files: Project['files']) {
  for (const [file, text] of Object.entries(files)) {
    if (text === null) continue;
    const target = path.join(root, file);
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(target, text);
  }
}

async function commitAll(root: string) {
  const git = execa({ cwd: root });
  await git`git init --quiet`;
  await git`git add --all`;
  await git`git -c user.name=fixture -c user.email=fixture@example.org commit --quiet --message base`;
}

/** Each package is a link of its own: what tools write into `node_modules` stays in the project. */
async function linkTools(target: string, nodeModules: string, without: Project['without']) {
  await mkdir(target);
  if (without === 'everything') return;
  for (const name of await readdir(nodeModules)) {
    if (name.startsWith('.') || (without && /^(@vitest|vitest)$/.test(name))) continue;
    await symlink(path.join(nodeModules, name), path.join(target, name));
  }
  if (without === 'coverage provider') await copyVitest(target, nodeModules);
}

/** A link would lead vitest back to where the provider is. */
async function copyVitest(target: string, nodeModules: string) {
  await cp(path.join(nodeModules, 'vitest'), path.join(target, 'vitest'), { recursive: true });
  await mkdir(path.join(target, '@vitest'));
  for (const name of await readdir(path.join(nodeModules, '@vitest'))) {
    if (name.startsWith('coverage-')) continue;
    const scoped = path.join('@vitest', name);
    await cp(path.join(nodeModules, scoped), path.join(target, scoped), { recursive: true });
  }
}
