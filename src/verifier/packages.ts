import { createHash } from 'node:crypto';
import { mkdir, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

import { makeBaseCopy } from '../gates/checkout/base-copy.ts';
import { createCheckouts } from '../gates/checkout/checkout.ts';
import { isConfigurationFile } from '../gates/checkout/configuration.ts';
import { removeTree } from '../gates/checkout/private-directory.ts';
import { openCommands } from '../gates/command/open-commands.ts';
import { chosenSteps } from '../gates/chosen-steps.ts';
import { prepareGate, stepsTimeoutMs } from '../gates/command/prepare.ts';
import type { Verdict } from '../gates/gate.ts';
import { noGatesFile } from '../gates/gates-file/parse-gates-file.ts';
import type { PrepareStep } from '../gates/gates-file/schema.ts';
import { defaultCoverage } from '../gates/tools/coverage.ts';
import type { ResourceLimits } from '../gates/process/resource-limits.ts';
import { defaultStepTimeoutMs } from '../gates/plan.ts';
import { openSandbox } from '../gates/process/sandbox.ts';
import type { SandboxMode } from '../gates/report.ts';
import { leastRecentlyUsed } from '../lib/places.ts';
import { parseJson } from '../lib/text.ts';
import { localGit } from './mirrors.ts';
import { VerifierError } from './verifier-error.ts';

/** Maximum installations that are kept; the least recently used ones are deleted. */
const maxKept = 5;

export interface PackagesRequest {
  /** Repository that holds the base. */
  readonly repository: string;
  readonly base: string;
  /** The steps `install` of the gates file of the base. */
  readonly steps: readonly PrepareStep[];
  /** Directory of the installations. */
  readonly kept: string;
  /** A private directory of this verification. */
  readonly privateDirectory: string;
  readonly sandbox: SandboxMode;
  readonly passEnvironment: readonly string[];
  readonly limits: ResourceLimits;
  readonly signal: AbortSignal;
}

export interface Packages {
  /** The tree of the base with its `node_modules`; undefined when the steps run in the checkout instead. */
  readonly directory: string | undefined;
  /** The steps that are left. */
  readonly steps: readonly PrepareStep[];
}

/**
 * Installs the Node packages of the base in a tree of the base alone, so that the commit under check has no part in it
 * and cannot write to it, and keeps them for as long as package.json and lockfile of the base are the same. Only where
 * this gives what an installation in the checkout would: the packages' managers alone, without scripts of the project.
 */
export async function installPackages(request: PackagesRequest): Promise<Packages> {
  const { repository, base, steps, kept, signal } = request;
  const ofPackages = steps.filter(isOfPackages);
  if (ofPackages.length === 0) return { directory: undefined, steps };
  const files = await configurationOf(repository, base, signal);
  if (await hasScripts(request, files, ofPackages)) return { directory: undefined, steps };
  const key = createHash('sha256')
    .update(JSON.stringify([process.version, process.platform, process.arch, ofPackages, files]))
    .digest('hex');
  const place = join(kept, key.slice(0, 40));
  const directory = join(place, 'tree');
  if ((await stat(join(place, 'complete')).catch(() => undefined)) === undefined)
    await install({ ...request, steps: ofPackages }, { place, directory });
  const now = new Date();
  await utimes(place, now, now);
  await prune(kept);
  const modules = await stat(join(directory, 'node_modules')).catch(() => undefined);
  if (modules?.isDirectory() !== true) return { directory: undefined, steps };
  return { directory, steps: steps.filter((step) => !ofPackages.includes(step)) };
}

/** A call of a package manager and nothing beside it. */
const managers =
  /^(npm (ci|clean-install|i|install)|pnpm (i|install)|yarn( install)?|bun (i|install)|corepack enable)( -{1,2}[\w.=-]+)*$/;

function isOfPackages({ command }: PrepareStep): boolean {
  return managers.test(typeof command === 'string' ? command.trim() : command.join(' '));
}

interface ConfigurationFile {
  readonly path: string;
  /** Mode, kind and hash of the contents. */
  readonly object: string;
}

/** The files of the base on which an installation depends. */
async function configurationOf(
  repository: string,
  base: string,
  signal: AbortSignal,
): Promise<readonly ConfigurationFile[]> {
  const text = await localGit(repository, ['ls-tree', '-r', '-z', '--full-tree', base], signal);
  return text.split('\0').flatMap((entry) => {
    const [object = '', path = ''] = entry.split('\t', 2);
    const matters = isConfigurationFile(path) || /(^|\/)(patches|\.yarn)\//.test(path);
    return matters ? [{ path, object }] : [];
  });
}

const manifest = z.object({ scripts: z.record(z.string(), z.unknown()).optional() });
const ownScripts = ['preinstall', 'install', 'postinstall', 'preprepare', 'prepare', 'postprepare'];

/** True when an installation runs scripts of the project, which may write anywhere in it. */
async function hasScripts(
  { repository, signal }: PackagesRequest,
  files: readonly ConfigurationFile[],
  steps: readonly PrepareStep[],
): Promise<boolean> {
  if (steps.every(({ command }) => command.includes('--ignore-scripts'))) return false;
  for (const { path, object } of files) {
    if (!/(^|\/)package\.json$/.test(path)) continue;
    const hash = object.split(' ')[2] ?? '';
    const text = await localGit(repository, ['cat-file', 'blob', hash], signal);
    const { scripts = {} } = manifest.safeParse(parseJson(text)).data ?? {};
    if (ownScripts.some((name) => Object.hasOwn(scripts, name))) return true;
  }
  return false;
}

async function install(
  request: PackagesRequest,
  { place, directory }: { readonly place: string; readonly directory: string },
): Promise<void> {
  const { repository, base, privateDirectory, signal } = request;
  await removeTree(place);
  await mkdir(place, { recursive: true, mode: 0o700 });
  const nothing = join(privateDirectory, 'no-modules');
  await mkdir(nothing, { recursive: true });
  await makeBaseCopy({
    ...{ root: repository, commit: base, target: directory, modulesFrom: nothing, signal },
  });
  const verdict = await runSteps(request, directory);
  signal.throwIfAborted();
  if (verdict.status !== 'passed') {
    await removeTree(place);
    throw new VerifierError(
      verdict.status === 'timeout' ? 'timeout' : 'gates_error',
      `The packages of the base cannot be installed. ${verdict.message}`,
    );
  }
  await writeFile(join(place, 'complete'), '');
}

async function runSteps(request: PackagesRequest, directory: string): Promise<Verdict> {
  const { base, steps, sandbox, limits, passEnvironment, signal } = request;
  const privateDirectory = join(request.privateDirectory, 'install');
  await mkdir(privateDirectory, { recursive: true, mode: 0o700 });
  const absent = () => Promise.reject(new Error('Nothing but the steps is run here.'));
  const checkoutFor = createCheckouts({
    ...{ directory, root: directory, origin: directory, privateDirectory, base },
    ...{ writable: [directory], readOnly: [], network: false, options: noGatesFile.options },
    thresholds: {
      ...{ lines: defaultCoverage, statements: defaultCoverage },
      ...{ functions: defaultCoverage, branches: defaultCoverage },
    },
    files: () => Promise.resolve([]),
    sandbox: await openSandbox(sandbox, { privateDirectory, signal, limits }),
    commands: await openCommands({
      // Only code of the base runs here, so the downloads are kept.
      ...{ keepDownloads: true, toolsFrom: undefined, root: directory },
      ...{ privateDirectory, passEnvironment },
    }),
    findTool: absent,
    runTests: absent,
  });
  const file = { ...noGatesFile, install: steps };
  const all = chosenSteps(file, { install: true, stepTimeoutMs: defaultStepTimeoutMs });
  const run = { gate: 'prepare', timeoutMs: stepsTimeoutMs(all), signal };
  return prepareGate(all).check(await checkoutFor(run));
}

async function prune(kept: string): Promise<void> {
  for (const name of await leastRecentlyUsed(kept, maxKept)) await removeTree(join(kept, name));
}
