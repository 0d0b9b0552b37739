import type { ExaminedConfig } from '../../config.ts';
import type { Gitea } from '../../gitea/client.ts';
import { check, type Budget, type CheckOptions } from './check.ts';
import type { CheckResult } from './finding.ts';

export interface DoctorOptions {
  readonly config: ExaminedConfig;
  /** AGENTS_FILE is set. */
  readonly agentsFile: boolean;
  /** Token in the file of `--token-file`. */
  readonly adminToken: string | undefined;
  /** The coordinator's own URL, as hooks have to have it. */
  readonly url: string | undefined;
  /** Only this repository. */
  readonly repository: string | undefined;
  readonly probe: boolean;
  readonly now: () => number;
  /** Interval at which the service is asked for the deliveries that arrived. */
  readonly pollMs: number;
  /** Maximum wait for deliveries. */
  readonly patienceMs: number;
  readonly signal: AbortSignal;
}

/** One run of the doctor. */
export interface Diagnosis extends DoctorOptions {
  readonly budget: Budget;
  readonly gitea: {
    readonly anonymous: Gitea;
    readonly bot: Gitea;
    readonly admin: Gitea | undefined;
  };
  /** Reports the findings, and returns the value. */
  readonly take: <T>(result: CheckResult<T>) => T | undefined;
}

/** Runs one check, reports its findings, and returns its value. */
export async function runCheck<T>(
  { budget, take }: Pick<Diagnosis, 'budget' | 'take'>,
  options: CheckOptions,
  work: (signal: AbortSignal) => Promise<CheckResult<T>>,
): Promise<T | undefined> {
  return take(await check(budget, options, work));
}
