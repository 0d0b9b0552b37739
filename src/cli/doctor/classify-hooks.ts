import type { GiteaHook } from '../../gitea/schemas.ts';
import { broken, warning, type DoctorFinding, type Outcome } from './finding.ts';
import {
  faultsOf,
  isMeantForUs,
  isOnRoute,
  isSameUrl,
  shownUrl,
  webhookPath,
  type HookFault,
  type HookNeeds,
} from './hook-rules.ts';

/** A hook and its owner: `acme/orbit`, or `acme` for an organisation. */
export interface OwnedHook {
  readonly hook: GiteaHook;
  readonly owner: string;
}

export interface RepositoryHooks {
  readonly repository: string;
  readonly hooks: readonly OwnedHook[];
  /** The hooks of the organisation could not be read. */
  readonly incomplete: boolean;
}

export interface HookExpectation extends HookNeeds {
  /** PORT, by which a hook with a wrong path is recognised. */
  readonly port: number | undefined;
}

/** Problems of the hooks that serve a repository; none when exactly one serves it and is right. */
export function classifyHooks(
  { repository, hooks, incomplete }: RepositoryHooks,
  expected: HookExpectation,
): DoctorFinding[] {
  const about = (outcome: Outcome) => ({ name: `hook ${repository}`, ...outcome });
  const ours = ownHooks(hooks, expected);
  if (ours.length === 0) return [about(noneFound(repository, hooks.length, incomplete, expected))];
  const faults = ours.map((owned) => ({ owned, faults: faultsOf(owned.hook, expected) }));
  const right = faults.filter((each) => each.faults.length === 0).map(({ owned }) => owned);
  const [first] = right;
  if (first === undefined)
    return faults.map((each) => about(describeFaults(each.owned, each.faults, expected)));
  if (right.length === 1) return [];
  const urls = new Set(right.map(({ hook }) => shownUrl(hook.url)));
  if (urls.size > 1) {
    const text = `${right.length} webhooks send to coordinators at ${[...urls].join(' and ')}.`;
    const cure = `Tell the doctor which one is right, for example --url ${shownUrl(first.hook.url)}. Delete a webhook whose coordinator no longer exists.`;
    return [about(warning(text, cure))];
  }
  const owners = right.map(({ hook, owner }) => `${owner} (${hook.id})`).join(', ');
  const text = `${right.length} webhooks send here: those of ${owners}. Every event arrives ${right.length} times.`;
  const cure = `Delete all but one, for example in Settings > Webhooks of ${first.owner}. A webhook of the organisation serves all its repositories.`;
  return [about(warning(text, cure))];
}

/** The hooks that are, or seem to be, meant for this coordinator. */
export function ownHooks(
  hooks: readonly OwnedHook[],
  { url, port }: HookExpectation,
): readonly OwnedHook[] {
  const exact = hooks.filter(({ hook }) => url !== undefined && isSameUrl(hook.url, url));
  if (exact.length > 0) return exact;
  const onRoute = hooks.filter(({ hook }) => isOnRoute(hook.url));
  if (onRoute.length > 0) return onRoute;
  return hooks.filter(({ hook }) => isMeantForUs(hook.url, url, port));
}

function noneFound(
  repository: string,
  others: number,
  incomplete: boolean,
  { url }: HookExpectation,
): Outcome {
  const other = others === 0 ? '' : ` ${others === 1 ? 'One sends' : `${others} send`} elsewhere.`;
  const text = `No webhook sends to ${webhookPath}.${other}`;
  const cure = `Create it, or let setup list the steps:\n    mosaic-coordinator setup --repo ${repository} --url ${url ?? `http://COORDINATOR:8000${webhookPath}`}`;
  if (!incomplete) return broken(text, cure);
  const more = 'The organisation may have one: this token has no right to read its webhooks.';
  return warning(`${text} ${more}`, cure);
}

function describeFaults(
  { hook, owner }: OwnedHook,
  faults: readonly HookFault[],
  { url }: HookExpectation,
): Outcome {
  const whose = owner.includes('/') ? `--repo ${owner}` : `--org ${owner}`;
  const right =
    url ?? (isOnRoute(hook.url) ? shownUrl(hook.url) : `${originOf(hook.url)}${webhookPath}`);
  const settings = `Settings > Webhooks of ${owner}, webhook ${hook.id}`;
  const clicks = faults.map((fault) => clickFor(fault, right));
  const remade = faults.some(({ kind }) => kind === 'type' || kind === 'url');
  return broken(
    `Webhook ${hook.id} of ${owner} ${faults.map((fault) => wordsFor(fault, hook, url)).join(', and ')}.`,
    `In ${settings}: ${clicks.join('; ')}. Or${remade ? ' delete it and' : ''} run:\n    mosaic-coordinator setup ${whose} --url ${right}`,
  );
}

function originOf(text: string): string {
  return URL.parse(text)?.origin ?? 'http://COORDINATOR:8000';
}

function wordsFor(fault: HookFault, hook: GiteaHook, url: string | undefined): string {
  switch (fault.kind) {
    case 'url':
      return `sends to ${shownUrl(hook.url)} instead of ${url ?? `a URL that ends in ${webhookPath}`}`;
    case 'type':
      return `has the type ${fault.type}, which sends another format`;
    case 'inactive':
      return 'is not active';
    case 'content_type':
      return 'sends forms instead of JSON, which the service refuses (415)';
    case 'events':
      return `does not send: ${fault.missing.map(({ words }) => words).join(', ')}`;
  }
}

function clickFor(fault: HookFault, url: string): string {
  switch (fault.kind) {
    case 'url':
      return `set Target URL to ${url}`;
    case 'type':
      return 'delete it and add one of the type Gitea';
    case 'inactive':
      return 'tick Active';
    case 'content_type':
      return 'set POST Content Type to application/json';
    case 'events':
      return `choose Custom Events and tick ${fault.missing.map(({ words }) => words).join(', ')}`;
  }
}
