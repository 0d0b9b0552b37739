import type { ExaminedConfig } from '../../config.ts';
import { sendTrial } from '../../notify/trial.ts';
import { hint, ok, skipped, warning, type CheckResult } from './finding.ts';

/** Sends a trial to each target of NOTIFY_URL. */
export async function checkNotify(
  { notify, publicUrl, giteaUrl }: ExaminedConfig,
  { now, probe }: { readonly now: () => number; readonly probe: boolean },
  signal: AbortSignal,
): Promise<CheckResult<never>> {
  const { targets, secret } = notify;
  if (targets === undefined)
    return {
      findings: [{ name: 'notify', ...skipped('NOTIFY_URL is invalid; see configuration.') }],
    };
  if (targets.length === 0)
    return {
      findings: [
        { name: 'notify', ...hint('Nobody is told outside of Gitea: NOTIFY_URL is not set.') },
      ],
    };
  if (!probe)
    return { findings: [{ name: 'notify', ...skipped('No trial is sent with --no-probe.') }] };
  const deps = { secret, publicUrl, giteaUrl: giteaUrl ?? '', now };
  const findings = await Promise.all(
    targets.map(async (target, index) => {
      const name = `notify ${index + 1} (${target.form})`;
      const failure = await sendTrial(target, deps, signal);
      if (failure === undefined) return { name, ...ok('It took a trial.') };
      const cure = `Correct entry ${index + 1} of NOTIFY_URL, or mend the receiver.`;
      return { name, ...warning(`It did not take a trial: ${failure}.`, cure) };
    }),
  );
  return { findings };
}
