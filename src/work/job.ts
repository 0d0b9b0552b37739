import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { describeError } from '../errors.ts';
import { removeTree } from '../gates/checkout/private-directory.ts';
import { CallRefused, LeaseLost } from '../lib/service-calls.ts';
import type { Logger } from '../log.ts';
import { handBack } from './job-ends.ts';
import { writeJobFiles } from './job-files.ts';
import { branchLeft, type JobDeps, type JobRequest } from './job-record.ts';
import { followSteps } from './job-steps.ts';
import { createWatch } from './job-watch.ts';
import type { JobEnd } from './outcomes.ts';
import { cloneUrlOf } from './workspace/clone-url.ts';
import { isFileError, WorkspaceError } from './workspace/workspace-error.ts';

/** The private directory of a claim: home, settings and temporary files of its agent. */
export function homeOf(directory: string, claimId: string): string {
  return join(directory, 'homes', claimId);
}

/**
 * Works on one claim from its start to its end, or goes on with one that a killed runner left. Rejects when the runner
 * is to end at once, and for faults of this program: everything else is an end that the coordinator was told of, if it
 * still wanted to know.
 */
export async function runJob(request: JobRequest, deps: JobDeps): Promise<JobEnd> {
  const { claim } = request;
  const log = deps.log.child({ issue: claim.issue, claim: claim.claimId });
  const watch = createWatch(request, deps, log);
  const home = homeOf(deps.directory, claim.claimId);
  const lease = watch.holdLease();
  try {
    const end = await work(request, { deps, log, watch, home });
    // Before a verdict its session is still needed.
    if (end.kind !== 'waits')
      await removeTree(home).catch((error: unknown) => {
        log.warn({ err: error, home }, 'it is deleted at the next start');
      });
    return end;
  } finally {
    lease[Symbol.dispose]();
  }
}

async function work(
  request: JobRequest,
  {
    deps,
    log,
    watch,
    home,
  }: {
    readonly deps: JobDeps;
    readonly log: Logger;
    readonly watch: ReturnType<typeof createWatch>;
    readonly home: string;
  },
): Promise<JobEnd> {
  const { claim, abandon } = request;
  const model = await deps.openModel?.();
  try {
    watch.activity('fetching the repository');
    const text = await deps.client.issueText(claim.issue, watch.halt);
    await mkdir(home, { recursive: true, mode: 0o700 });
    using checkout = await deps.workspace.open(
      {
        remote: { id: claim.plan.repositoryId, url: cloneUrlOf(claim.plan, deps.cloneUrl) },
        ...{ number: claim.plan.number, title: claim.plan.title, branch: branchLeft(claim) },
      },
      { stop: watch.halt, signal: abandon },
    );
    const files = writeJobFiles(home, { claim, text, checkout });
    return await followSteps({
      ...request,
      ...watch,
      deps,
      log,
      checkout,
      home,
      model,
      files,
      text,
    });
  } catch (error) {
    abandon.throwIfAborted();
    const lost = (cause: unknown): JobEnd => {
      const message = describeError(watch.lost.aborted ? watch.lost.reason : cause);
      log.warn(
        { cause: message },
        'the claim has ended without us: its work stays on this machine',
      );
      return { kind: 'lost', message };
    };
    if (error instanceof LeaseLost || watch.lost.aborted) return lost(error);
    const isFault =
      error instanceof WorkspaceError || error instanceof CallRefused || isFileError(error);
    if (!watch.halt.aborted && !isFault) throw error;
    const reason = isFault ? error.message : 'The runner was stopped.';
    if (isFault) log.error({ err: error }, 'the work could not begin or go on');
    const ending = { ...request, deps, log, spent: watch.spent };
    return await handBack(ending, { reason, isFault }).catch((late: unknown) => {
      if (late instanceof LeaseLost) return lost(late);
      throw late;
    });
  } finally {
    await model?.close();
  }
}
