import type { HookOwner } from '../../gitea/address.ts';
import type { Gitea } from '../../gitea/client.ts';
import type { HookChange } from '../../gitea/hooks.ts';
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

/** Report of one step, in lines; `left`: something is left to do by hand. */
export interface SetupResult {
  readonly lines: readonly string[];
  readonly left: boolean;
}

/** Creates the hook, or corrects its wrong settings. */
export async function setUpHook(setup: HookSetup, signal: AbortSignal): Promise<SetupResult> {
  const { gitea, owner, url, newSecret } = setup;
  const hooks = await hooksOf(gitea, owner, signal);
  if (hooks === 'missing') {
    const text = `${nameOf(owner)} does not exist, or this token has no access to it: correct the name, or use another --token-file.`;
    return { lines: [text], left: true };
  }
  if (hooks === 'refused') return refused(setup, 'This token has no right to read its webhooks.');
  const same = hooks.filter((hook) => isSameUrl(hook.url, url));
  const shared = await sharedHook(setup, signal);
  if (shared?.isRight === true) return leaveShared(setup, shared, same);
  if (shared !== undefined) return leaveToOrganization(setup, shared);
  const notes = [...doubleNotes(same), ...elsewhereNotes(hooks, url)];
  const [hook] = same;
  if (hook === undefined) return withNotes(await create(setup, signal), notes);
  if (newSecret) return withNotes(await replace(setup, hook, signal), notes);
  return withNotes(await correct(setup, hook, signal), notes);
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

/** Finds it: with a second hook every event would arrive twice. */
async function sharedHook(
  { gitea, owner, url }: HookSetup,
  signal: AbortSignal,
): Promise<SharedHook | undefined> {
  if (!('repository' in owner)) return undefined;
  const [organization = ''] = owner.repository.split('/');
  const hooks = await hooksOf(gitea, { organization }, signal);
  if (hooks === 'missing' || hooks === 'refused') return undefined;
  const shared = hooks
    .filter((hook) => isSameUrl(hook.url, url))
    .map((hook) => ({ organization, id: hook.id, isRight: faultsOf(hook, url).length === 0 }));
  return shared.find(({ isRight }) => isRight) ?? shared[0];
}

/** With a hook of the repository, every event would arrive twice as soon as the shared one is corrected. */
function leaveToOrganization({ owner }: HookSetup, { organization, id }: SharedHook): SetupResult {
  const text = `Webhook ${id} of the organisation ${organization} serves ${nameOf(owner)}, but has wrong settings: run setup with --org ${organization} instead of --repo to correct it.`;
  return { lines: [text], left: true };
}

function leaveShared(
  { owner, newSecret }: HookSetup,
  { organization, id }: SharedHook,
  same: readonly GiteaHook[],
): SetupResult {
  const serves = `Webhook ${id} of the organisation ${organization} already serves ${nameOf(owner)}`;
  const notes = same.map(
    (hook) =>
      `Webhook ${hook.id} of ${nameOf(owner)} sends there, too: delete it, or every event arrives twice.`,
  );
  if (!newSecret) return { lines: [`${serves}: nothing to do.`, ...notes], left: false };
  const text = `${serves}; its secret was not changed. To replace it, run setup with --org ${organization} instead of --repo.`;
  return { lines: [text, ...notes], left: true };
}

const wantedEvents = neededEvents.map(({ requested }) => requested);

/** `old`: the hook to replace, whose harmless settings are kept. */
async function create(
  setup: HookSetup,
  signal: AbortSignal,
  old?: GiteaHook,
): Promise<SetupResult> {
  const { gitea, owner, url, secret, dryRun } = setup;
  const settings = `${url}, JSON, active, ${wantedEvents.join(', ')}, secret from GITEA_WEBHOOK_SECRET`;
  if (dryRun) return done(`Would create a webhook of ${nameOf(owner)}: ${settings}.`);
  const wanted = { type: 'gitea', ...wantedHook(url, old), secret };
  const reply = await gitea.createHook(owner, wanted, signal);
  if (reply.kind === 'ok')
    return done(`Created webhook ${reply.value.id} of ${nameOf(owner)}: ${settings}.`);
  return refused(setup, reply.kind === 'missing' ? 'It does not exist.' : reply.message);
}

/** Creates the new one first: until the old one is deleted, events arrive twice, which is harmless; a gap would lose some. */
async function replace(
  setup: HookSetup,
  hook: GiteaHook,
  signal: AbortSignal,
): Promise<SetupResult> {
  const { gitea, owner, dryRun } = setup;
  const made = await create(setup, signal, hook);
  if (made.left) return made;
  if (dryRun) return { ...made, lines: [...made.lines, `Would then delete webhook ${hook.id}.`] };
  const reply = await gitea.deleteHook(owner, hook.id, signal);
  if (reply.kind === 'refused') {
    const text = `Gitea did not delete webhook ${hook.id} (${reply.message}): delete it by hand.`;
    return { lines: [...made.lines, text], left: true };
  }
  return {
    ...made,
    lines: [...made.lines, `Deleted webhook ${hook.id}, which had the old secret.`],
  };
}

async function correct(
  setup: HookSetup,
  hook: GiteaHook,
  signal: AbortSignal,
): Promise<SetupResult> {
  const { gitea, owner, url, dryRun } = setup;
  const faults = faultsOf(hook, url);
  const about = `Webhook ${hook.id} of ${nameOf(owner)}`;
  const secret =
    'Its secret cannot be read or changed: if it is not GITEA_WEBHOOK_SECRET, replace the webhook with --new-secret.';
  if (faults.some(({ kind }) => kind === 'type')) {
    const text = `${about} sends there, but has the type ${hook.type}: replace it with --new-secret.`;
    return { lines: [text], left: true };
  }
  if (faults.length === 0)
    return { lines: [`${about} is right: nothing to do.`, secret], left: false };
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
      lines: [`Would change webhook ${hook.id} of ${nameOf(owner)}: ${changes}.`],
      left: false,
    };
  const reply = await gitea.editHook(owner, hook.id, wantedHook(url, hook), signal);
  if (reply.kind !== 'ok')
    return refused(setup, reply.kind === 'missing' ? 'It does not exist.' : reply.message);
  return {
    lines: [`Changed webhook ${hook.id} of ${nameOf(owner)}: ${changes}.`, secret],
    left: false,
  };
}

/** Keeps what others may need: a proxy in front of the coordinator the header, other receivers their events. */
function wantedHook(url: string, old: GiteaHook | undefined): HookChange {
  const { branchFilter, authorizationHeader } = old ?? {};
  const events = old === undefined ? wantedEvents : keptEvents(old);
  return { active: true, events, url, contentType: 'json', branchFilter, authorizationHeader };
}

/** Events whose name means more in a request than in an answer. */
const narrow: ReadonlyMap<string, string> = new Map([
  ['issues', 'issues_only'],
  ['pull_request', 'pull_request_only'],
]);

/** A change that names no events leaves pushes only, so the other events of the hook are named again. */
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
    `${same.length} webhooks have this URL: delete ${others.join(', ')}, or every event arrives twice.`,
  ];
}

function elsewhereNotes(hooks: readonly GiteaHook[], url: string): string[] {
  return hooks
    .filter((hook) => isOnRoute(hook.url) && !isSameUrl(hook.url, url))
    .map(
      (hook) =>
        `Webhook ${hook.id} sends to ${shownUrl(hook.url)}: delete it if that is an old address of this coordinator.`,
    );
}

function refused({ owner, giteaUrl, url }: HookSetup, why: string): SetupResult {
  return {
    lines: [
      `The webhook of ${nameOf(owner)} is not set up: ${why}`,
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
