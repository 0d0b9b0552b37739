import type { Gitea } from '../../gitea/client.ts';
import { TryAgainLater } from '../../errors.ts';
import type { ExaminedConfig } from '../../config.ts';
import { isInvalid } from './configuration.ts';
import type { CheckResult, DoctorFinding } from './finding.ts';

/** Owner of the token. */
export interface BotUser {
  readonly login: string;
}

interface TokenDeps {
  readonly gitea: Pick<Gitea, 'getTokenScopes' | 'getUser'>;
  /** GITEA_BOT_USERNAME. */
  readonly botUsername: string | undefined;
}

/** Scopes that the coordinator needs; the first of each row is enough. */
const neededScopes = [
  ['write:issue'],
  ['read:repository', 'write:repository'],
  ['read:user', 'write:user'],
] as const;
const minScopes: readonly string[] = neededScopes.map(([scope]) => scope);

const newToken = `Sign in to Gitea as the bot, create a token in Settings > Applications with the scopes ${minScopes.join(', ')}, and set GITEA_TOKEN to it.`;

/** Checks that Gitea accepts the token, its scopes, and its owner. */
export async function checkToken(
  { gitea, botUsername }: TokenDeps,
  signal: AbortSignal,
): Promise<CheckResult<BotUser>> {
  const scopes = await refusable(() => gitea.getTokenScopes(signal));
  if ('refusal' in scopes) return refused(scopes.refusal);
  const found = [
    { name: 'token', mark: 'ok', text: 'Gitea accepts it.' } as const,
    scopesFinding(scopes.value),
  ];
  if (!reads('user', scopes.value)) return { findings: found, value: undefined };
  const user = await refusable(() => gitea.getUser(signal));
  if ('refusal' in user) return refused(user.refusal);
  const bot = botFinding(user.value, botUsername);
  return { findings: [...found, bot], value: { login: user.value.login } };
}

async function refusable<T>(
  work: () => Promise<T>,
): Promise<{ readonly value: T } | { readonly refusal: string }> {
  try {
    return { value: await work() };
  } catch (error) {
    if (error instanceof TryAgainLater && error.code === 'gitea_auth')
      return { refusal: error.message };
    throw error;
  }
}

function refused(text: string): CheckResult<never> {
  const cure = `${newToken} If Gitea says that the password must be changed, sign in as the bot and change it.`;
  return { findings: [{ name: 'token', mark: 'broken', text, cure }], value: undefined };
}

/** The finding when there is no token to check. */
export function noTokenFinding(config: ExaminedConfig): DoctorFinding {
  const name = 'token';
  if (isInvalid(config, 'GITEA_TOKEN'))
    return { name, mark: 'skipped', text: 'GITEA_TOKEN is invalid; see configuration.' };
  return {
    name,
    mark: 'hint',
    text: 'GITEA_TOKEN is not set: the service reads nothing from Gitea, writes nothing there, and learns of changes by webhooks alone.',
    cure: newToken,
  };
}

/** Unknown scopes may be enough. */
function reads(category: 'user', scopes: readonly string[] | undefined): boolean {
  if (scopes === undefined) return true;
  return ['all', `read:${category}`, `write:${category}`].some((scope) => scopes.includes(scope));
}

function scopesFinding(scopes: readonly string[] | undefined): DoctorFinding {
  const name = 'scopes';
  if (scopes === undefined)
    return {
      name,
      mark: 'hint',
      text: `This server does not report the scopes of a token; it needs ${minScopes.join(', ')}.`,
    };
  if (scopes.includes('all'))
    return {
      name,
      mark: 'warning',
      text: 'The token has all rights of its user, and so has anybody who steals it.',
      cure: newToken,
    };
  const missing = neededScopes.filter((row) => !row.some((scope) => scopes.includes(scope)));
  if (missing.length > 0)
    return {
      name,
      mark: 'broken',
      text: `The token lacks ${missing.map(([scope]) => scope).join(', ')}; its scopes: ${scopes.join(', ') || 'none'}.`,
      cure: `${newToken} The scopes of a token cannot be changed.`,
    };
  if (scopes.includes('public-only'))
    return {
      name,
      mark: 'warning',
      text: 'The token is limited to public repositories: it does not see private ones.',
      cure: newToken,
    };
  const more = scopes.filter((scope) => !minScopes.includes(scope) && scope !== 'read:issue');
  if (more.length === 0) return { name, mark: 'ok', text: `${minScopes.join(', ')}, and no more.` };
  return {
    name,
    mark: 'warning',
    text: `The token has scopes that are not needed: ${more.join(', ')}.`,
    cure: newToken,
  };
}

function botFinding(
  user: Awaited<ReturnType<Gitea['getUser']>>,
  configured: string | undefined,
): DoctorFinding {
  const name = 'bot';
  if (configured !== undefined && configured.toLowerCase() !== user.login.toLowerCase())
    return {
      name,
      mark: 'broken',
      text: `GITEA_BOT_USERNAME is ${configured}, but the token belongs to ${user.login}.`,
      cure: 'Unset GITEA_BOT_USERNAME, or use a token of that user. Otherwise issues are assigned to one user and comments written by another.',
    };
  if (user.isAdmin)
    return {
      name,
      mark: 'warning',
      text: `${user.login} is a site administrator of Gitea.`,
      cure: 'Use an ordinary account for the bot, with write access to its repositories.',
    };
  return { name, mark: 'ok', text: `Issues assigned to ${user.login} get a plan.` };
}
