import { isConfigurationFile } from './configuration-files.ts';
import { GatesError } from '../gates-error.ts';
import { git } from './git-command.ts';
import { splitNul, type Repository } from './repository.ts';

/** The configuration of a commit. */
export interface TrustedConfiguration {
  readonly commit: string;
  /** Contents by path, relative to the top of the repository. */
  readonly files: ReadonlyMap<string, Buffer>;
}

/** Maximum bytes of the listing and of one file of a commit. */
const listBytes = 256 * 1024 * 1024;
const fileBytes = 64 * 1024 * 1024;

/** Modes of regular files. A configuration file that is a link is refused: it could lead to the work tree. */
const regularModes = ['100644', '100755'];

/** Reads all configuration files of `ref`. */
export async function readTrustedConfiguration(
  { root }: Repository,
  { ref, signal }: { readonly ref: string; readonly signal: AbortSignal },
): Promise<TrustedConfiguration> {
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

async function resolveCommit(
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
