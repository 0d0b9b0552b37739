import type { Gitea } from '../../gitea/client.ts';
import { TryAgainLater } from '../../errors.ts';
import type { CheckResult, DoctorFinding } from './finding.ts';

/** Whose token it is. */
export interface BotUser {
  readonly login: string;
}

interface TokenDeps {
  readonly gitea: Pick<Gitea, 'getTokenScopes' | 'getUser'>;
  /** GITEA_BOT_USERNAME. */
  readonly botUsername: string | undefined;
}

/** All that the coordinator needs; the first of each row is enough. */
const neededScopes = [
  ['write:issue'],
  ['read:repository', 'write:repository'],
  ['read:user', 'write:user'],
] as const;
const enough: readonly string[] = neededScopes.map(([scope]) => scope);

const newToken = `Sign in to Gitea as the bot, make a token in Settings > Applications with the scopes ${enough.join(', ')}, and put it in GITEA_TOKEN.`;

/** Whether Gitea takes the token, what it may do, and whose it is. */
export async function checkToken(
  { gitea, botUsername }: TokenDeps,
  signal: AbortSignal,
): Promise<CheckResult<BotUser>> {
  const scopes = await refusable(() => gitea.getTokenScopes(signal));
  if ('refusal' in scopes) return refused(scopes.refusal);
  const found = [
    { name: 'token', mark: 'ok', text: 'Gitea takes it.' } as const,
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
  const cure = `${newToken} If Gitea says that the password must be changed, sign in as the bot once and change it.`;
  return { findings: [{ name: 'token', mark: 'broken', text, cure }], value: undefined };
}

/** Unknown scopes may suffice. */
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
      text: `This server does not tell the scopes of a token; needed are ${enough.join(', ')}.`,
    };
  if (scopes.includes('all'))
    return {
      name,
      mark: 'warning',
      text: 'The token may do everything its user may: whoever gets hold of it can, too.',
      cure: newToken,
    };
  const missing = neededScopes.filter((row) => !row.some((scope) => scopes.includes(scope)));
  if (missing.length > 0)
    return {
      name,
      mark: 'broken',
      text: `The token lacks ${missing.map(([scope]) => scope).join(', ')}; it has ${scopes.join(', ') || 'none'}.`,
      cure: `${newToken} The scopes of a token cannot be changed later.`,
    };
  if (scopes.includes('public-only'))
    return {
      name,
      mark: 'warning',
      text: 'The token is for public repositories only: private ones are as if they were not there.',
      cure: newToken,
    };
  const more = scopes.filter((scope) => !enough.includes(scope) && scope !== 'read:issue');
  if (more.length === 0) return { name, mark: 'ok', text: `${enough.join(', ')}, and no more.` };
  return {
    name,
    mark: 'warning',
    text: `The token may do more than is needed: ${more.join(', ')}.`,
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
      text: `GITEA_BOT_USERNAME is ${configured}, but the token is of ${user.login}.`,
      cure: 'Leave GITEA_BOT_USERNAME out, or use a token of that user: what is assigned to one would be written by the other.',
    };
  if (user.isAdmin)
    return {
      name,
      mark: 'warning',
      text: `${user.login} administers the whole of Gitea.`,
      cure: 'Use an ordinary account for the bot, with write access to the repositories it works in.',
    };
  return { name, mark: 'ok', text: `Issues assigned to ${user.login} are planned.` };
}
