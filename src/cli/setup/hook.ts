import type { HookOwner } from '../../gitea/address.ts';
import type { Gitea } from '../../gitea/client.ts';
import type { HookChange } from '../../gitea/hooks.ts';
import type { GiteaHook } from '../../gitea/schemas.ts';
import { unlessRefused } from '../doctor/check.ts';
import {
  asAnswered,
  faultsOf,
  isOnRoute,
  isSameUrl,
  shownUrl,
  type HookFault,
  type NeededEvent,
} from '../doctor/hook-rules.ts';

interface HookSetup {
  readonly gitea: Pick<Gitea, 'listHooks' | 'createHook' | 'editHook' | 'deleteHook'>;
  /** Those that a hook must have, and those that one is made with. */
  readonly events: readonly NeededEvent[];
  readonly asked: readonly NeededEvent[];
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

/** Nothing is left to do. */
const done = (...lines: readonly string[]): SetupResult => ({ lines, left: false });
export const left = (...lines: readonly string[]): SetupResult => ({ lines, left: true });

/** Creates the hook, or corrects its wrong settings. */
export async function setUpHook(setup: HookSetup, signal: AbortSignal): Promise<SetupResult> {
  const { owner, url, newSecret } = setup;
  const hooks = await hooksOf(setup, owner, signal);
  if (hooks === 'missing')
    return left(
      `${nameOf(owner)} does not exist, or this token has no access to it: correct the name, or use another --token-file.`,
    );
  if (hooks === 'unknown_token')
    return left(
      'Gitea does not know this token (401): correct --token-file, or GITEA_TOKEN where that is left out.',
    );
  if (hooks === 'refused') return refused(setup, 'This token has no right to read its webhooks.');
  const same = hooks.filter((hook) => isSameUrl(hook.url, url));
  const shared = await sharedHook(setup, signal);
  if (shared !== undefined) return leaveShared(setup, shared, same);
  const [hook] = same;
  const made =
    hook === undefined
      ? await create(setup, signal)
      : await (newSecret ? replace : correct)(setup, hook, signal);
  const notes = [...doubleNotes(same), ...elsewhereNotes(hooks, url)];
  return { ...made, lines: [...made.lines, ...notes] };
}

async function hooksOf({ gitea }: HookSetup, owner: HookOwner, signal: AbortSignal) {
  const reply = await unlessRefused(gitea.listHooks(owner, signal), (_message, status) =>
    status === 401 ? ('unknown_token' as const) : ('refused' as const),
  );
  if (typeof reply === 'string') return reply;
  return reply.kind === 'ok' ? reply.value : 'missing';
}

/** A hook of the organisation on the same URL. */
interface SharedHook {
  readonly organization: string;
  readonly id: number;
  readonly isRight: boolean;
}

/** Finds it: with a second hook every event would arrive twice. */
async function sharedHook(setup: HookSetup, signal: AbortSignal): Promise<SharedHook | undefined> {
  const { owner, url } = setup;
  if (!('repository' in owner)) return undefined;
  const [organization = ''] = owner.repository.split('/');
  const hooks = await hooksOf(setup, { organization }, signal);
  if (typeof hooks === 'string') return undefined;
  const shared = hooks
    .filter((hook) => isSameUrl(hook.url, url))
    .map((hook) => ({ organization, id: hook.id, isRight: faultsOf(hook, setup).length === 0 }));
  return shared.find(({ isRight }) => isRight) ?? shared[0];
}

function leaveShared(
  { owner, newSecret }: HookSetup,
  { organization, id, isRight }: SharedHook,
  same: readonly GiteaHook[],
): SetupResult {
  const hook = `Webhook ${id} of the organisation ${organization}`;
  // With a hook of the repository, every event would arrive twice as soon as the shared one is corrected.
  if (!isRight)
    return left(
      `${hook} serves ${nameOf(owner)}, but has wrong settings: run setup with --org ${organization} instead of --repo to correct it.`,
    );
  const serves = `${hook} already serves ${nameOf(owner)}`;
  const notes = same.map(
    (own) =>
      `Webhook ${own.id} of ${nameOf(owner)} sends there, too: delete it, or every event arrives twice.`,
  );
  if (!newSecret) return done(`${serves}: nothing to do.`, ...notes);
  return left(
    `${serves}; its secret was not changed. To replace it, run setup with --org ${organization} instead of --repo.`,
    ...notes,
  );
}

/** `old`: the hook to replace, whose harmless settings are kept. */
async function create(
  setup: HookSetup,
  signal: AbortSignal,
  old?: GiteaHook,
): Promise<SetupResult> {
  const { gitea, owner, url, secret, asked, dryRun } = setup;
  const settings = `${url}, JSON, active, ${requestedOf(asked).join(', ')}, secret from GITEA_WEBHOOK_SECRET`;
  if (dryRun) return done(`Would create a webhook of ${nameOf(owner)}: ${settings}.`);
  const wanted = { type: 'gitea', ...wantedHook(setup, old), secret };
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
  if (dryRun) return done(...made.lines, `Would then delete webhook ${hook.id}.`);
  const reply = await gitea.deleteHook(owner, hook.id, signal);
  if (reply.kind !== 'refused')
    return done(...made.lines, `Deleted webhook ${hook.id}, which had the old secret.`);
  const text = `Gitea did not delete webhook ${hook.id} (${reply.message}): delete it by hand.`;
  return left(...made.lines, text);
}

async function correct(
  setup: HookSetup,
  hook: GiteaHook,
  signal: AbortSignal,
): Promise<SetupResult> {
  const { gitea, owner, url, dryRun } = setup;
  const faults = faultsOf(hook, setup);
  const about = `${hook.id} of ${nameOf(owner)}`;
  const secret =
    'Its secret cannot be read or changed: if it is not GITEA_WEBHOOK_SECRET, replace the webhook with --new-secret.';
  if (faults.some(({ kind }) => kind === 'type'))
    return left(
      `Webhook ${about} sends there, but has the type ${hook.type}: replace it with --new-secret.`,
    );
  if (faults.length === 0) return done(`Webhook ${about} is right: nothing to do.`, secret);
  const changes = faults.map((fault) => describeChange(fault, url)).join(', ');
  if (dryRun) return done(`Would change webhook ${about}: ${changes}.`);
  const reply = await gitea.editHook(owner, hook.id, wantedHook(setup, hook), signal);
  if (reply.kind !== 'ok')
    return refused(setup, reply.kind === 'missing' ? 'It does not exist.' : reply.message);
  return done(`Changed webhook ${about}: ${changes}.`, secret);
}

function describeChange(fault: HookFault, url: string): string {
  if (fault.kind === 'events') return fault.missing.map(({ requested }) => requested).join(', ');
  if (fault.kind === 'inactive') return 'active';
  return fault.kind === 'content_type' ? 'JSON' : url;
}

/** Keeps what others may need: a proxy in front of the coordinator the header, other receivers their events. */
function wantedHook(
  { url, asked }: Pick<HookSetup, 'url' | 'asked'>,
  old: GiteaHook | undefined,
): HookChange {
  const { branchFilter, authorizationHeader } = old ?? {};
  const events = [...new Set([...requestedOf(asked), ...(old === undefined ? [] : keptOf(old))])];
  return { active: true, events, url, contentType: 'json', branchFilter, authorizationHeader };
}

/** Events whose name means more in a request than in an answer. */
const narrow: ReadonlyMap<string, string> = new Map([
  ['issues', 'issues_only'],
  ['pull_request', 'pull_request_only'],
]);

/** A change that names no events leaves pushes only, so the other events of the hook are named again. */
function keptOf({ events }: GiteaHook): string[] {
  return events.map((event) => narrow.get(event) ?? asAnswered(event));
}

function requestedOf(events: readonly NeededEvent[]): string[] {
  return events.map(({ requested }) => requested);
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

function refused(setup: HookSetup, why: string): SetupResult {
  const { owner } = setup;
  const text = `The webhook of ${nameOf(owner)} is not set up: ${why}`;
  return left(text, ...hookByHand(setup));
}

/** Steps for an administrator, in order. The secret itself is never printed. */
function hookByHand({ owner, giteaUrl, url, events }: HookSetup): string[] {
  const page =
    'repository' in owner
      ? `${giteaUrl}/${owner.repository}/settings/hooks/gitea/new`
      : `${giteaUrl}/org/${owner.organization}/settings/hooks/gitea/new`;
  return [
    'An administrator there can create it by hand (see docs/setup.md):',
    `  1. Open ${page}`,
    `  2. Target URL: ${url}`,
    '  3. HTTP Method: POST',
    '  4. POST Content Type: application/json',
    '  5. Secret: the value of GITEA_WEBHOOK_SECRET',
    `  6. Trigger On: Custom Events, and tick ${events.map(({ words }) => words).join(', ')}`,
    '  7. Tick Active, and click Add Webhook',
    "Or run this again with that person's token in a file: --token-file FILE.",
  ];
}

function nameOf(owner: HookOwner): string {
  return 'repository' in owner ? owner.repository : `the organisation ${owner.organization}`;
}
