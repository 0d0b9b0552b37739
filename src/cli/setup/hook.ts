import type { Gitea } from '../../gitea/client.ts';
import type { HookChange, HookOwner } from '../../gitea/hooks.ts';
import type { GiteaHook } from '../../gitea/schemas.ts';
import { TryAgainLater } from '../../errors.ts';
import { faultsOf, isOnRoute, isSameUrl, neededEvents, shownUrl } from '../doctor/hook-rules.ts';
import { hookByHand } from './by-hand.ts';

type HookCalls = Pick<Gitea, 'listHooks' | 'createHook' | 'editHook' | 'deleteHook'>;

export interface HookSetup {
  readonly gitea: HookCalls;
  readonly giteaUrl: string;
  readonly owner: HookOwner;
  readonly url: string;
  readonly secret: string;
  readonly newSecret: boolean;
  readonly dryRun: boolean;
}

/** What was done, in lines; `left`: something is left to do by hand. */
export interface SetupResult {
  readonly lines: readonly string[];
  readonly left: boolean;
}

/** Makes the hook, or changes of it what is not as it should be. */
export async function setUpHook(setup: HookSetup, signal: AbortSignal): Promise<SetupResult> {
  const { gitea, owner, url, newSecret } = setup;
  const hooks = await hooksOf(gitea, owner, signal);
  if (hooks === 'missing') {
    const text = `${nameOf(owner)} is not there, or this token may not see it: correct the name, or give another --token-file.`;
    return { lines: [text], left: true };
  }
  if (hooks === 'refused') return refused(setup, 'This token may not look at its hooks.');
  const same = hooks.filter((hook) => isSameUrl(hook.url, url));
  const shared = await sharedHook(setup, signal);
  if (shared?.isRight === true) return leaveShared(setup, shared, same);
  if (shared !== undefined) return leaveToOrganization(setup, shared);
  const notes = [...doubleNotes(same), ...elsewhereNotes(hooks, url)];
  const [hook] = same;
  if (hook === undefined) return withNotes(await create(setup, signal), notes);
  if (newSecret) return withNotes(await replace(setup, hook, signal), notes);
  return withNotes(await mend(setup, hook, signal), notes);
}

async function hooksOf(
  gitea: HookCalls,
  owner: HookOwner,
  signal: AbortSignal,
): Promise<readonly GiteaHook[] | 'missing' | 'refused'> {
  try {
    const reply = await gitea.listHooks(owner, signal);
    return reply.kind === 'ok' ? reply.value : 'missing';
  } catch (error) {
    if (error instanceof TryAgainLater && error.code === 'gitea_auth') return 'refused';
    throw error;
  }
}

/** A hook of the organisation on the same URL. */
interface SharedHook {
  readonly organization: string;
  readonly id: number;
  readonly isRight: boolean;
}

/** A second hook would bring every event twice. */
async function sharedHook(
  { gitea, owner, url }: HookSetup,
  signal: AbortSignal,
): Promise<SharedHook | undefined> {
  if (!('repository' in owner)) return undefined;
  const [organization = ''] = owner.repository.split('/');
  const hooks = await hooksOf(gitea, { organization }, signal);
  if (hooks === 'missing' || hooks === 'refused') return undefined;
  const meant = hooks
    .filter((hook) => isSameUrl(hook.url, url))
    .map((hook) => ({ organization, id: hook.id, isRight: faultsOf(hook, url).length === 0 }));
  return meant.find(({ isRight }) => isRight) ?? meant[0];
}

/** One of the repository's own would send everything twice as soon as the other is mended. */
function leaveToOrganization({ owner }: HookSetup, { organization, id }: SharedHook): SetupResult {
  const text = `Hook ${id} of the organisation ${organization} sends there for ${nameOf(owner)}, but not as it should: give --org ${organization} instead of --repo, and it is mended.`;
  return { lines: [text], left: true };
}

function leaveShared(
  { owner, newSecret }: HookSetup,
  { organization, id }: SharedHook,
  same: readonly GiteaHook[],
): SetupResult {
  const serves = `Hook ${id} of the organisation ${organization} serves ${nameOf(owner)} already`;
  const notes = same.map(
    (hook) =>
      `Hook ${hook.id} of ${nameOf(owner)} sends there, too: delete it, or every event comes twice.`,
  );
  if (!newSecret) return { lines: [`${serves}: nothing to do.`, ...notes], left: false };
  const text = `${serves}; its secret stays. To make it anew, give --org ${organization} instead of --repo.`;
  return { lines: [text, ...notes], left: true };
}

const wantedEvents = neededEvents.map(({ requested }) => requested);

/** `old`: what it is to be made like, as far as that does no harm. */
async function create(
  setup: HookSetup,
  signal: AbortSignal,
  old?: GiteaHook,
): Promise<SetupResult> {
  const { gitea, owner, url, secret, dryRun } = setup;
  const what = `${url}, JSON, active, ${wantedEvents.join(', ')}, secret from GITEA_WEBHOOK_SECRET`;
  if (dryRun) return done(`Would make a hook of ${nameOf(owner)}: ${what}.`);
  const wanted = { type: 'gitea', ...wantedHook(url, old), secret };
  const reply = await gitea.createHook(owner, wanted, signal);
  if (reply.kind === 'ok') return done(`Made hook ${reply.value.id} of ${nameOf(owner)}: ${what}.`);
  return refused(setup, reply.kind === 'missing' ? 'It is not there.' : reply.message);
}

/** The new one first: in between, events come twice, which is no harm; a gap would lose some. */
async function replace(
  setup: HookSetup,
  hook: GiteaHook,
  signal: AbortSignal,
): Promise<SetupResult> {
  const { gitea, owner, dryRun } = setup;
  const made = await create(setup, signal, hook);
  if (made.left) return made;
  if (dryRun) return { ...made, lines: [...made.lines, `Would then delete hook ${hook.id}.`] };
  const reply = await gitea.deleteHook(owner, hook.id, signal);
  if (reply.kind === 'refused') {
    const text = `Hook ${hook.id} could not be deleted (${reply.message}): delete it by hand.`;
    return { lines: [...made.lines, text], left: true };
  }
  return { ...made, lines: [...made.lines, `Deleted hook ${hook.id}, which had the old secret.`] };
}

async function mend(setup: HookSetup, hook: GiteaHook, signal: AbortSignal): Promise<SetupResult> {
  const { gitea, owner, url, dryRun } = setup;
  const faults = faultsOf(hook, url);
  const about = `Hook ${hook.id} of ${nameOf(owner)}`;
  const secret =
    'Its secret cannot be read or changed: if it is not GITEA_WEBHOOK_SECRET, --new-secret makes the hook anew.';
  if (faults.some(({ kind }) => kind === 'type')) {
    const text = `${about} sends there, but is of the type ${hook.type}: --new-secret makes it anew with the right one.`;
    return { lines: [text], left: true };
  }
  if (faults.length === 0)
    return { lines: [`${about} is as it should be: nothing to do.`, secret], left: false };
  const changes = faults
    .map((fault) =>
      fault.kind === 'inactive'
        ? 'active'
        : fault.kind === 'content_type'
          ? 'JSON'
          : fault.kind === 'events'
            ? fault.missing.map(({ requested }) => requested).join(', ')
            : url,
    )
    .join(', ');
  if (dryRun)
    return {
      lines: [`Would change hook ${hook.id} of ${nameOf(owner)}: ${changes}.`],
      left: false,
    };
  const reply = await gitea.editHook(owner, hook.id, wantedHook(url, hook), signal);
  if (reply.kind !== 'ok')
    return refused(setup, reply.kind === 'missing' ? 'It is not there.' : reply.message);
  return {
    lines: [`Changed hook ${hook.id} of ${nameOf(owner)}: ${changes}.`, secret],
    left: false,
  };
}

/** A proxy before the coordinator may ask for the header; and what else the hook sends is not ours to end. */
function wantedHook(url: string, old: GiteaHook | undefined): HookChange {
  const { branchFilter, authorizationHeader } = old ?? {};
  const events = old === undefined ? wantedEvents : keptEvents(old);
  return { active: true, events, url, contentType: 'json', branchFilter, authorizationHeader };
}

/** Names that would mean more when they are sent back than they did in the answer. */
const narrow: ReadonlyMap<string, string> = new Map([
  ['issues', 'issues_only'],
  ['pull_request', 'pull_request_only'],
]);

/** A change without events would leave pushes only, so the others of the hook are named again, too. */
function keptEvents({ events }: GiteaHook): string[] {
  const others = events.map((event) =>
    event.startsWith('pull_request_review_') && event !== 'pull_request_review_request'
      ? 'pull_request_review'
      : (narrow.get(event) ?? event),
  );
  return [...new Set([...wantedEvents, ...others])];
}

function doubleNotes(same: readonly GiteaHook[]): string[] {
  if (same.length < 2) return [];
  const others = same.slice(1).map(({ id }) => id);
  return [
    `There are ${same.length} hooks on this URL: delete ${others.join(', ')}, or every event comes twice.`,
  ];
}

function elsewhereNotes(hooks: readonly GiteaHook[], url: string): string[] {
  return hooks
    .filter((hook) => isOnRoute(hook.url) && !isSameUrl(hook.url, url))
    .map(
      (hook) =>
        `Hook ${hook.id} sends to ${shownUrl(hook.url)}: delete it if that was this coordinator under another address.`,
    );
}

function refused({ owner, giteaUrl, url }: HookSetup, why: string): SetupResult {
  return {
    lines: [
      `The hook of ${nameOf(owner)} is not set up: ${why}`,
      ...hookByHand(owner, giteaUrl, url),
    ],
    left: true,
  };
}

function done(line: string): SetupResult {
  return { lines: [line], left: false };
}

function withNotes({ lines, left }: SetupResult, notes: readonly string[]): SetupResult {
  return { lines: [...lines, ...notes], left };
}

function nameOf(owner: HookOwner): string {
  return 'repository' in owner ? owner.repository : `the organisation ${owner.organization}`;
}
