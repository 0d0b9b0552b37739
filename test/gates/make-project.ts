import { cp, mkdir, mkdtemp, readdir, realpath, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { soundProject, type Project } from './projects.ts';

/** Writes the project into a new temporary directory, which is the caller's to remove; tools come from `nodeModules`. */
export async function makeProject(project: Project, nodeModules: string) {
  const root = await mkdtemp(path.join(await realpath(tmpdir()), 'gates-project-'));
  for (const [file, text] of Object.entries({ ...soundProject, ...project.files })) {
    if (text === null) continue;
    const target = path.join(root, file);
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(target, text);
  }
  await linkTools(path.join(root, 'node_modules'), nodeModules, project.without);
  return { root, directory: path.join(root, project.directory ?? '.') };
}

/** Each package is a link of its own: what tools write into `node_modules` stays in the project. */
async function linkTools(target: string, nodeModules: string, without: Project['without']) {
  await mkdir(target);
  if (without === 'everything') return;
  for (const name of await readdir(nodeModules)) {
    if (name.startsWith('.vite')) continue;
    await symlink(path.join(nodeModules, name), path.join(target, name));
  }
}
