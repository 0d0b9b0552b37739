import { fileURLToPath } from 'node:url';

import type { Environment } from '../../../src/config.ts';
import { startChild, startedAt } from '../../support/process.ts';
import { testEnvironment } from '../../support/service.ts';
import type { PublishStep } from '../../support/publish-steps.ts';

/** Points at which `crash-entry.ts` can kill itself, in the order the data travels. */
export const crashPoints = [
  'before-commit',
  'after-commit',
  'before-take-in',
  'after-take-in',
  'mid-handling',
  'after-handling',
] as const;
export type CrashPoint = (typeof crashPoints)[number];

/** Kill points of the calls of workers: each step is one transaction. */
export const workPoints = [
  'before-commit claim',
  'after-commit claim',
  'before-commit heartbeat',
  'after-commit heartbeat',
  'before-commit release',
  'after-commit release',
  'before-commit complete',
  'after-commit complete',
  'before-commit sweep',
  'after-commit sweep',
] as const;
export type WorkPoint = (typeof workPoints)[number];

/** Any of them, and right after Gitea's answer to whatever is written there. */
export type Point = CrashPoint | WorkPoint | PublishStep;

export interface CrashOptions {
  readonly directory: string;
  readonly env: Environment;
  /** Undefined: it is killed from outside. */
  readonly ownEnd: { readonly point: Point; readonly passes: number } | undefined;
  /** Milliseconds by which its clock is ahead. */
  readonly aheadMs?: number;
  /** Milliseconds that go by at once when it has started. */
  readonly leapMs?: number;
}

/** The service in a process that may kill itself; `url` is undefined when it did so before it listened. */
export async function startCrashProcess(options: CrashOptions) {
  const { directory, env, ownEnd, aheadMs = 0, leapMs = 0 } = options;
  const entry = fileURLToPath(new URL('crash-entry.ts', import.meta.url));
  const service = startChild({
    args:
      ownEnd === undefined
        ? [entry]
        : [entry, ownEnd.point, String(ownEnd.passes), String(aheadMs), String(leapMs)],
    environment: testEnvironment(directory, env),
    directory,
  });
  const url = await startedAt(service).catch((error: unknown) => {
    if (service.hasEnded()) return undefined;
    throw error;
  });
  return { ...service, url };
}
