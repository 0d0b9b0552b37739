import { posix, join } from 'node:path';
import { createHash } from 'node:crypto';
import { lstat, readFile } from 'node:fs/promises';

import { listFiles, splitNul, type Repository } from './repository.ts';
import { GatesError } from '../gates-error.ts';
import { git } from './git-command.ts';

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
  /^(\.npmrc|\.yarnrc(\.yml)?|bunfig\.toml)$/,
  /^\.eslintrc(\.(json|ya?ml|[cm]?js))?$|^\.eslintignore$/,
  /^(biome\.jsonc?|\.oxlintrc\.json|\.xo-config(\.[cm]?js|\.json)?)$/,
  /^(jest|ava|nyc|xo|oxlint)\.config\.([cm]?[jt]s|json)$/,
  /^\.(mocharc|c8rc|nycrc)(\.(jsonc?|ya?ml|[cm]?js))?$/,
  // Python, Go and Rust name their tools and packages in the same files.
  /^(pyproject\.toml|setup\.cfg|tox\.ini|\.?(pytest|mypy)\.ini|\.?ruff\.toml|\.coveragerc|\.flake8|\.pylintrc)$/,
  /^(uv\.(lock|toml)|poetry\.lock|requirements[\w.-]*\.txt|pyrightconfig\.json)$/,
  /^(go\.(mod|sum|work)|\.golangci\.(ya?ml|toml|json))$/,
  /^(Cargo\.(toml|lock)|\.?clippy\.toml|nextest\.toml|rust-toolchain(\.toml)?)$/,
];

/** True for a file that configures the tools. Files that it imports do not count. */
export function isConfigurationFile(path: string): boolean {
  const name = posix.basename(path);
  return (
    /(^|\/)(\.mosaic\/gates(-baseline)?\.json|\.cargo\/config(\.toml)?)$/.test(path) ||
    names.some((pattern) => pattern.test(name))
  );
}

/** SHA-256 over the configuration files below `root` and the options of the run. */
export async function hashConfiguration({
  root,
  isRepository,
  options,
  signal,
}: {
  readonly root: string;
  readonly isRepository: boolean;
  readonly options: Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
}): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(options));
  const files = await listFiles(root, { isRepository, signal });
  for (const path of files.filter(isConfigurationFile).toSorted()) {
    const stats = await lstat(join(root, path)).catch(() => undefined);
    if (!stats?.isFile()) continue;
    const content = await readFile(join(root, path));
    hash.update(JSON.stringify([path, content.length])).update(content);
  }
  return hash.digest('hex');
}

/** Maximum bytes of the listing and of one file of a commit. */
const listBytes = 256 * 1024 * 1024;
const fileBytes = 64 * 1024 * 1024;

/** Modes of regular files. A configuration file that is a link is refused: it could lead to the work tree. */
const regularModes = ['100644', '100755'];

/** Reads all configuration files of `ref`: contents by path, relative to the top of the repository. */
export async function readTrustedConfiguration(
  { root }: Repository,
  { ref, signal }: { readonly ref: string; readonly signal: AbortSignal },
) {
  const commit = await resolveCommit(root, { ref, signal });
  const tree = await git(root, ['ls-tree', '-r', '-z', '--full-tree', commit], {
    signal,
    maxBytes: listBytes,
  });
  const files = new Map<string, Buffer>();
  for (const entry of splitNul(tree.stdout)) {
    const [attributes = '', path = ''] = entry.split('\t', 2);
    const [mode = '', , object = ''] = attributes.split(' ');
    if (!isConfigurationFile(path) || path.split('/').includes('node_modules')) continue;
    if (!regularModes.includes(mode)) continue;
    const blob = await git(root, ['cat-file', 'blob', object], { signal, maxBytes: fileBytes });
    if (blob.exitCode !== 0)
      throw new GatesError('gates_git_failed', `git cannot read ${path} at ${ref}: ${blob.stderr}`);
    files.set(path, blob.stdout);
  }
  return { commit, files };
}

/** Resolves a ref to the id of its commit; rejects with `gates_ref_unknown`. */
export async function resolveCommit(
  root: string,
  { ref, signal }: { readonly ref: string; readonly signal: AbortSignal },
): Promise<string> {
  const { exitCode, stdout } = await git(
    root,
    ['rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`],
    { signal, maxBytes: 1024 * 1024 },
  );
  if (exitCode === 0) return stdout.toString('utf8').trim();
  throw new GatesError(
    'gates_ref_unknown',
    `There is no commit ${JSON.stringify(ref)} in ${root}: name a branch, tag or commit that is there, or fetch it first (in CI: fetch the whole history, fetch-depth: 0).`,
  );
}
