import { lstat, realpath } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';

import type { CheckoutPlaces } from './checkout.ts';
import { isConfigurationFile, readTrustedConfiguration } from './configuration.ts';
import type { GatesPlan } from '../plan.ts';
import { GatesError } from '../gates-error.ts';
import { makePrivateCopy } from './private-copy.ts';
import type { Repository } from './repository.ts';
import { ancestors } from '../tools/find-tool.ts';

export interface CheckoutRequest {
  readonly plan: GatesPlan;
  /** `installs`: steps bring the packages, so those of the checkout are not linked; `builds`: steps only write. */
  readonly steps: 'installs' | 'builds' | 'none';
  readonly repository: Repository | undefined;
  readonly privateDirectory: string;
  readonly signal: AbortSignal;
}

export interface PreparedCheckout extends CheckoutPlaces {
  /** Top directory of the checkout that the tools see. */
  readonly root: string;
  readonly isRepository: boolean;
  /** The commit the configuration was taken from. */
  readonly configCommit: string | null;
}

/**
 * Prepares the checkout for the tools: in place, or as a private copy when the configuration or the tools come
 * from elsewhere, or when steps write into it.
 */
export async function prepareCheckout(request: CheckoutRequest): Promise<PreparedCheckout> {
  const { plan, steps } = request;
  const inPlace = plan.configFrom === undefined && plan.toolsFrom === undefined && steps === 'none';
  return inPlace ? checkoutInPlace(request) : checkoutInCopy(request);
}

async function checkoutInPlace({ plan, repository }: CheckoutRequest): Promise<PreparedCheckout> {
  const directory = await realpath(plan.directory);
  const root = repository?.root ?? directory;
  const git = join(root, '.git');
  const hasGit = await lstat(git).catch(() => undefined);
  const modules = await modulesSeenFrom(directory);
  const outside = modules.filter((path) => relative(root, path).startsWith('..'));
  const caches = outside.filter((path) => path === modules[0]);
  return {
    directory,
    root,
    isRepository: repository !== undefined,
    configCommit: null,
    // Tools write caches into node_modules, wherever it lies, and tests write beside themselves. `.git` is
    // read-only, so that no test can plant a hook.
    writable: [root, ...caches],
    readOnly: [...(hasGit ? [git] : []), ...outside.slice(caches.length)],
  };
}

async function checkoutInCopy(request: CheckoutRequest): Promise<PreparedCheckout> {
  const { plan, repository, privateDirectory, signal } = request;
  const directory = await realpath(plan.directory);
  const root = repository?.root ?? directory;
  const target = join(privateDirectory, 'copy');
  const trusted = await trustedConfiguration(request);
  const ownModules = request.steps === 'installs' ? undefined : root;
  const modulesFrom = plan.toolsFrom === undefined ? ownModules : await realpath(plan.toolsFrom);
  if (plan.untrusted && modulesFrom !== undefined && !relative(root, modulesFrom).startsWith('..'))
    throw new GatesError(
      'gates_options_invalid',
      `Untrusted code is not checked by its own tools: ${modulesFrom} is in the checkout. Name a directory outside of it.`,
    );
  const linked = await makePrivateCopy({
    root,
    isRepository: repository !== undefined,
    target,
    modulesFrom,
    replace: trusted?.files ?? new Map(),
    isLeftOut: (path) => trusted !== undefined && isConfigurationFile(path),
    signal,
  });
  return {
    directory: join(target, relative(root, directory)),
    root: target,
    isRepository: false,
    configCommit: trusted?.commit ?? null,
    writable: [target],
    readOnly:
      modulesFrom === undefined
        ? []
        : [
            ...(await modulesSeenFrom(plan.toolsFrom === undefined ? directory : modulesFrom)),
            // Those of workspaces lie deeper. A link to anything else is ignored, as above.
            ...linked.filter((path) => basename(path) === 'node_modules'),
          ],
  };
}

async function trustedConfiguration({
  plan: { configFrom, directory },
  repository,
  signal,
}: CheckoutRequest) {
  if (configFrom === undefined) return undefined;
  if (repository !== undefined)
    return readTrustedConfiguration(repository, { ref: configFrom, signal });
  throw new GatesError(
    'gates_ref_unknown',
    `${directory} is not in a git checkout, so there is no ${configFrom} to take the configuration from: leave configFrom out, or clone the repository with git.`,
  );
}

/**
 * The `node_modules` of the directory and of those above. A link is resolved, and ignored when it leads to
 * anything but a `node_modules`: a checkout must not open other directories by a link.
 */
async function modulesSeenFrom(directory: string): Promise<readonly string[]> {
  const found = await Promise.all(
    ancestors(directory).map(async (place) => {
      const modules = await realpath(join(place, 'node_modules')).catch(() => undefined);
      return modules !== undefined && basename(modules) === 'node_modules' ? [modules] : [];
    }),
  );
  return found.flat();
}
