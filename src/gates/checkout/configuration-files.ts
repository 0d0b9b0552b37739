import { posix } from 'node:path';

const names = [
  /^[jt]sconfig[^/]*\.json$/,
  /^eslint\.config\.[cm]?[jt]s$/,
  /^vite(st)?\.config\.[cm]?[jt]s$/,
  /^vitest\.(workspace|projects)\.([cm]?[jt]s|json)$/,
  /^package\.json$/,
  /^(package-lock|npm-shrinkwrap)\.json$/,
  /^(pnpm-lock|pnpm-workspace)\.yaml$/,
  /^yarn\.lock$/,
  /^bun\.lockb?$/,
];

/** Whether the file decides how the tools are run: not what such a file imports. */
export function isConfigurationFile(path: string): boolean {
  const name = posix.basename(path);
  return names.some((pattern) => pattern.test(name));
}
