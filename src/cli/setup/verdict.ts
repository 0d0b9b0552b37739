import type { RepositoryAddress } from '../../gitea/address.ts';
import type { Gitea } from '../../gitea/client.ts';
import { builtInGates } from '../../gates/names.ts';
import { ownContextScope } from '../../issue/own-marks.ts';
import { verdictContext } from '../../verification/statuses.ts';
import { unlessRefused } from '../doctor/check.ts';
import { left, type SetupResult } from './hook.ts';

interface VerdictSetup {
  readonly gitea: Pick<
    Gitea,
    | ('getRepository' | 'getDefaultBranch' | 'getBranch' | 'listStatuses')
    | ('setCommitStatus' | 'listProtections' | 'createProtection' | 'editProtection')
  >;
  readonly giteaUrl: string;
  readonly repository: string;
  /** Requires the verdict before a merge; otherwise the steps by hand are named. */
  readonly require: boolean;
  readonly dryRun: boolean;
}

const contexts = [...builtInGates.map((gate) => `${ownContextScope}${gate}`), verdictContext];

/**
 * Sends a pending status of each usual gate and of the verdict, since Gitea offers only contexts that it has seen,
 * and requires the verdict where that is asked for.
 */
export function setUpVerdict(setup: VerdictSetup, signal: AbortSignal): Promise<SetupResult> {
  return unlessRefused(work(setup, signal), (message) => left(`No statuses were sent: ${message}`));
}

async function work(setup: VerdictSetup, signal: AbortSignal): Promise<SetupResult> {
  const { gitea, repository: name } = setup;
  const found = await gitea.getRepository(name, signal);
  const place =
    found.kind === 'ok' ? { repositoryId: found.value.id, repository: name } : undefined;
  const branch = place && (await gitea.getDefaultBranch(place, signal));
  if (place === undefined || branch?.kind !== 'ok')
    return left(`No statuses were sent: ${name} does not exist, or the token has no access to it.`);
  if (branch.value === '')
    return note(
      'No statuses were sent: there is no commit yet. Run setup again after the first push.',
    );
  const head = await gitea.getBranch(place, branch.value, signal);
  if (head.kind !== 'ok') return left(`No statuses were sent: ${name} has no ${branch.value}.`);
  const sent = await sendMissing(setup, { place, commit: head.value.commit.id }, signal);
  const rule = await requireVerdict(setup, { place, branch: branch.value }, signal);
  return { lines: [...sent.lines, ...rule.lines], left: sent.left || rule.left };
}

async function sendMissing(
  { gitea, require, dryRun }: VerdictSetup,
  { place, commit }: { readonly place: RepositoryAddress; readonly commit: string },
  signal: AbortSignal,
): Promise<SetupResult> {
  const known = await gitea.listStatuses(place, commit, signal);
  const present = new Set(known.kind === 'ok' ? known.value.map(({ context }) => context) : []);
  const missing = contexts.filter((context) => !present.has(context));
  if (missing.length === 0) return note('All statuses were sent before: nothing to do.');
  const names = missing.join(', ');
  if (dryRun) return note(`Would send a pending status of ${names}.`);
  const address = { repository: place.repository, commit };
  for (const context of missing) {
    const description = 'Sent once by setup, so that rules can name it.';
    const status = { state: 'pending', context, description, targetUrl: undefined } as const;
    const reply = await gitea.setCommitStatus(address, status, signal);
    if (reply.kind === 'ok') continue;
    const why = reply.kind === 'missing' ? 'not found' : reply.message;
    const line = `Gitea did not take the status ${context} (${why}): to send it, the token needs the scope write:repository, and its user write access to the code.`;
    // Who verifies nothing needs none.
    return { lines: [line], left: require };
  }
  return note(`Sent a pending status of ${names}.`);
}

async function requireVerdict(
  { gitea, giteaUrl, require, dryRun }: VerdictSetup,
  { place, branch }: { readonly place: RepositoryAddress; readonly branch: string },
  signal: AbortSignal,
): Promise<SetupResult> {
  const page = `${giteaUrl}/${place.repository}/settings/branches`;
  const byHand = `To let nothing be merged without it, open ${page}, edit the rule of ${branch} or add one, tick Enable Status Check, and enter ${verdictContext}`;
  if (!require) return note(`${byHand}; or run this with --require-verdict.`);
  const rules = await unlessRefused(gitea.listProtections(place, signal), () => undefined);
  if (rules?.kind !== 'ok')
    return left(`This token has no right to read the rules of branches. ${byHand}.`);
  const rule = rules.value.find(({ name }) => name === branch);
  if (rule?.contexts.includes(verdictContext) === true)
    return note(`${branch} requires ${verdictContext}: nothing to do.`);
  // A rule for the branch alone would come before a pattern, and lift what that forbids.
  if (rule === undefined && rules.value.some(({ name }) => /[*?[{\\]/.test(name)))
    return left(`A rule with a pattern may protect ${branch}. ${byHand}.`);
  const wanted = { name: branch, contexts: [...(rule?.contexts ?? []), verdictContext] };
  if (dryRun) return note(`Would require ${verdictContext} on ${branch}.`);
  const reply = await (rule === undefined ? gitea.createProtection : gitea.editProtection)(
    place,
    wanted,
    signal,
  );
  if (reply.kind === 'ok') return note(`${branch} requires ${verdictContext} from now on.`);
  const why = reply.kind === 'missing' ? 'not found' : reply.message;
  return left(`Gitea did not change the rules of ${branch} (${why}). ${byHand}.`);
}

function note(...lines: readonly string[]): SetupResult {
  return { lines, left: false };
}
