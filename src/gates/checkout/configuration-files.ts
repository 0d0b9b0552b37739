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

/** True for a file that configures the tools. Files that it imports do not count. */
export function isConfigurationFile(path: string): boolean {
  const name = posix.basename(path);
  return names.some((pattern) => pattern.test(name));
}
