import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { describeError } from '../errors.ts';
import { isConfigurationFile } from '../gates/checkout/configuration.ts';
import { GatesError } from '../gates/gates-error.ts';
import type { ResourceLimits } from '../gates/process/resource-limits.ts';
import type { GatesOptions, SandboxMode } from '../gates/report.ts';
import { runGates } from '../gates/run-gates.ts';
import type { Verdict, VerificationJob } from '../issue/verification.ts';
import { gatesOfBase } from './base-gates.ts';
import { watchDisk, type DiskLimits } from './disk-watch.ts';
import type { VerifierHome } from './home.ts';
import { checkOutBase, mergeOntoBase, type Merged } from './merge.ts';
import type { Fetched, Mirrors } from './mirrors.ts';
import { installPackages } from './packages.ts';
import type { Remote } from './remote-git.ts';
import { errorVerdict, gatesVerdict, refusedVerdict, unclearGates, type Facts } from './verdict.ts';
import { CommitRefused, VerifierError, type ErrorCause } from './verifier-error.ts';

export interface Limits {
  readonly programs: ResourceLimits;
  readonly disk: DiskLimits;
}

const gibibyte = 1024 ** 3;

/** Limits of the code under check. Times are those of the gates. */
export const defaultLimits: Limits = {
  programs: {
    fileBytes: 2 * gibibyte,
    threads: 4_096,
    memoryBytes: 8 * gibibyte,
    temporaryBytes: gibibyte / 2,
  },
  disk: { bytes: 8 * gibibyte, reserve: gibibyte / 4 },
};

export interface VerifyParts {
  readonly home: VerifierHome;
  readonly mirrors: Mirrors;
  /** The error, when none starts here. */
  readonly sandbox: SandboxMode | VerifierError;
  /** Names of variables that the steps of the gates file get. */
  readonly passEnvironment: readonly string[];
  readonly limits: Limits;
  /** Versions, in one line. */
  readonly environment: string;
  /** Where the repository of a job is reached. */
  readonly remoteOf: (job: VerificationJob) => Remote;
}

/** Verifies one commit. Resolves to the verdict, whatever goes wrong; rejects only when `signal` aborts. */
export async function verify(
  job: VerificationJob,
  parts: VerifyParts,
  signal: AbortSignal,
): Promise<Verdict> {
  const course: Course = {
    base: null,
    tree: null,
    durations: { fetchMs: 0, mergeMs: 0, gatesMs: 0 },
  };
  const facts = (): Facts => ({ ...course, environment: parts.environment });
  try {
    return await parts.home.withDirectory(async (directory) => {
      using disk = await watchDisk(directory, parts.limits.disk);
      const stop = AbortSignal.any([signal, disk.signal]);
      try {
        return await run({ job, parts, directory, course, facts, signal: stop });
      } catch (error) {
        signal.throwIfAborted();
        throw fullDisk(disk.full(), parts.limits) ?? error;
      }
    });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof CommitRefused)
      return refusedVerdict(facts(), { code: error.refusal, message: error.message });
    const code = causeOf(error);
    // Perhaps the mirror is broken: then no attempt would ever succeed.
    if (code === 'git_failed') await parts.mirrors.discard(job.repositoryId).catch(() => undefined);
    return errorVerdict(facts(), { code, message: messageOf(error) });
  }
}

/** What is known so far. */
interface Course {
  base: string | null;
  tree: string | null;
  durations: { fetchMs: number; mergeMs: number; gatesMs: number };
}

interface Run {
  readonly job: VerificationJob;
  readonly parts: VerifyParts;
  readonly directory: string;
  readonly course: Course;
  readonly facts: () => Facts;
  readonly signal: AbortSignal;
}

async function run({ job, parts, directory, course, facts, signal }: Run): Promise<Verdict> {
  const { repositoryId, commit, branch, baseBranch } = job;
  const { durations } = course;
  const { sandbox } = parts;
  if (sandbox instanceof VerifierError) throw sandbox;
  const remote = parts.remoteOf(job);
  const fetched: Fetched = await timed(durations, 'fetchMs', () =>
    parts.mirrors.fetch({ repositoryId, remote, commit, branch, baseBranch, signal }),
  );
  const { base, mirror } = fetched;
  course.base = base;
  const target = join(directory, 'checkout');
  const merged: Merged = await timed(durations, 'mergeMs', () =>
    mergeOntoBase({ mirror, base, commit, baseBranch, target, signal }),
  );
  course.tree = merged.tree;
  const judged = await timed(durations, 'gatesMs', () =>
    runBaseGates({ job, parts, sandbox, directory, target, base, mirror, signal }),
  );
  return gatesVerdict(facts(), {
    ...judged,
    ...{ commit, baseBranch, notTaken: merged.changed.filter(isConfigurationFile) },
  });
}

/** Runs the gates of the base on the merge, with configuration and packages of the base. */
async function runBaseGates({
  job,
  parts,
  sandbox,
  directory,
  target,
  base,
  mirror,
  signal,
}: Pick<Run, 'job' | 'parts' | 'directory' | 'signal'> & {
  readonly sandbox: SandboxMode;
  readonly target: string;
  readonly base: string;
  readonly mirror: string;
}) {
  const { passEnvironment, limits, home } = parts;
  const { baseBranch } = job;
  const [privateDirectory, workDirectory] = [join(directory, 'private'), join(directory, 'gates')];
  for (const path of [privateDirectory, workDirectory]) await mkdir(path, { mode: 0o700 });
  const { file, from } = await gatesOfBase({
    ...{ repository: target, base, baseBranch, privateDirectory, signal },
  });
  const packages = await installPackages({
    ...{ repository: target, base, steps: file.install, kept: home.packages },
    ...{ privateDirectory, sandbox, passEnvironment, limits: limits.programs, signal },
  });
  const options = {
    ...{ base, configFrom: base, sandbox, passEnvironment, workDirectory },
    gatesFile: { file: { ...file, install: packages.steps }, from },
    ...(packages.directory === undefined ? {} : { toolsFrom: packages.directory }),
    limits: limits.programs,
    keepDownloads: false,
    signal,
  };
  const report = await runGates({ ...options, directory: target });
  signal.throwIfAborted();
  const installSteps = packages.steps.length;
  const unclear = unclearGates(report, installSteps);
  return {
    report,
    installSteps,
    fineOnBase:
      unclear.length === 0
        ? []
        : await passedOnBase({ base, mirror, directory, gates: unclear, options, signal }),
    rename: withoutPaths([target, packages.directory, directory]),
  };
}

/**
 * Runs gates that could not be judged on the base alone. What can be judged there has the commit at fault, such as a
 * report that contradicts the exit code; what cannot is ours.
 */
async function passedOnBase({
  base,
  mirror,
  directory,
  gates,
  options,
  signal,
}: Pick<Run, 'directory' | 'signal'> & {
  readonly base: string;
  readonly mirror: string;
  readonly gates: readonly string[];
  readonly options: Omit<GatesOptions, 'directory' | 'gates'>;
}): Promise<readonly string[]> {
  const target = join(directory, 'base-checkout');
  await checkOutBase({ mirror, base, target, signal });
  const report = await runGates({ ...options, directory: target, gates });
  signal.throwIfAborted();
  return report.gates.filter(({ passed }) => passed).map(({ gate }) => gate);
}

/** Takes private directories out of a text: they are of no use to its reader, and differ from run to run. */
function withoutPaths(directories: readonly (string | undefined)[]): (text: string) => string {
  return (text) =>
    directories
      .filter((directory) => directory !== undefined)
      .reduce((rest, path) => rest.replaceAll(`${path}/`, '').replaceAll(path, '.'), text);
}

async function timed<T>(
  durations: Course['durations'],
  name: keyof Course['durations'],
  work: () => Promise<T>,
): Promise<T> {
  const started = performance.now();
  try {
    return await work();
  } finally {
    durations[name] = Math.round(performance.now() - started);
  }
}

function fullDisk(full: 'own' | 'other' | undefined, { disk }: Limits): Error | undefined {
  if (full === 'own')
    return new CommitRefused(
      'gates_failed',
      `The code under check wrote more than it may (${disk.bytes} bytes, or all that was free): find what fills the disk, and stop it.`,
    );
  if (full === 'other')
    return new VerifierError('no_space', 'The disk of the verifier is full: make room there.');
  return undefined;
}

function causeOf(error: unknown): ErrorCause {
  if (error instanceof VerifierError) return error.kind;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOSPC' || code === 'EDQUOT') return 'no_space';
  if (error instanceof GatesError)
    return error.code === 'gates_sandbox_unavailable' ? 'no_sandbox' : 'gates_error';
  return typeof code === 'string' && code.startsWith('git_') ? 'git_failed' : 'internal';
}

function messageOf(error: unknown): string {
  return error instanceof VerifierError || error instanceof GatesError
    ? error.message
    : describeError(error);
}
