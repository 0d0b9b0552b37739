import { loadStatusConfig } from '../../config.ts';
import { ConfigError, CoordinatorError } from '../../errors.ts';
import type { GatesReport, PlannedRun } from '../../gates/report.ts';
import { createGitea } from '../../gitea/client.ts';
import type { Io } from '../io.ts';
import { conceal } from '../options.ts';
import type { CiJob } from './ci.ts';
import type { GatesCommandOptions } from './options.ts';
import { createStatuses } from './statuses.ts';

export interface StatusRequest {
  readonly job: CiJob;
  readonly options: Pick<GatesCommandOptions, 'repository' | 'statusUrl'>;
}

/** The statuses of a run, with a client of their own; throws a `ConfigError` that names what is not set. */
export function openStatuses(io: Io, { job, options }: StatusRequest) {
  // A job of Gitea knows its own Gitea.
  const known = job.kind === 'gitea' ? job.serverUrl : undefined;
  const { giteaUrl, giteaToken } = loadStatusConfig(io.environment(), known);
  const repository = options.repository ?? job.repository;
  if (repository === undefined)
    throw new ConfigError('usage', '--status needs --repository OWNER/NAME outside of a CI job.');
  const gitea = createGitea({ baseUrl: giteaUrl, token: giteaToken, now: Date.now });
  const targetUrl = options.statusUrl ?? job.runUrl;
  const statuses = createStatuses({ gitea, repository, targetUrl });
  const hideSecrets = conceal([giteaToken]);

  async function withoutSecrets(act: Promise<void>): Promise<void> {
    try {
      await act;
    } catch (error) {
      // Without the cause, which contains the text again.
      if (error instanceof CoordinatorError)
        throw new CoordinatorError(error.code, hideSecrets(error.message));
      throw error;
    }
  }

  return {
    begin(run: PlannedRun, signal: AbortSignal): Promise<void> {
      if (run.sandbox === 'none')
        io.stderr.write(
          'The sandbox is none: the code under check can read GITEA_TOKEN and set any status. See docs/gates/statuses.md.\n',
        );
      return withoutSecrets(statuses.begin(run, signal));
    },
    /** The gates have ended, so Ctrl-C ends the process as usual. */
    finish: (report: GatesReport) => withoutSecrets(statuses.finish(report, never)),
    abandon: (why: string) => withoutSecrets(statuses.abandon(why, never)),
    close: () => gitea.close(),
  };
}

const never = new AbortController().signal;
