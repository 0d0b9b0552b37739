import type { Gitea } from '../../gitea/client.ts';
import type { ExaminedConfig } from '../../config.ts';
import { unlessRefused } from './check.ts';
import { isInvalid } from './configuration.ts';
import { broken, hint, ok, resultOf, skipped, warning } from './finding.ts';
import type { CheckResult, Outcome } from './finding.ts';

interface TokenDeps {
  readonly gitea: Pick<Gitea, 'findRefusedScopes' | 'getTokenScopes' | 'getUser'>;
  /** GITEA_BOT_USERNAME. */
  readonly botUsername: string | undefined;
  /** Commits are verified, so that statuses and pull requests are written. */
  readonly verifies: boolean;
}

/** Scopes that the coordinator needs; the first of each row is enough. */
const neededScopes = [
  ['write:issue'],
  ['read:repository', 'write:repository'],
  ['read:user', 'write:user'],
] as const;
const minScopes: readonly string[] = neededScopes.map(([scope]) => scope);

/** Instead of `read:repository`, where commits are verified. */
const forStatuses = 'write:repository';

/** Those to ask for. */
const scopesFor = (verifies: boolean) => (verifies ? minScopes.with(1, forStatuses) : minScopes);

const newToken = (verifies: boolean) =>
  `Sign in to Gitea as the bot, create a token in Settings > Applications with the scopes ${scopesFor(verifies).join(', ')}, and set GITEA_TOKEN to it.`;

/** Checks that Gitea accepts the token, its scopes, and its owner, whose login is the value. */
export function checkToken(deps: TokenDeps, signal: AbortSignal): Promise<CheckResult<string>> {
  const cure = `${newToken(deps.verifies)} If Gitea says that the password must be changed, sign in as the bot and change it.`;
  return unlessRefused(examineToken(deps, signal), (text) => resultOf('token', broken(text, cure)));
}

async function examineToken(
  { gitea, botUsername, verifies }: TokenDeps,
  signal: AbortSignal,
): Promise<CheckResult<string>> {
  const scopes = await gitea.getTokenScopes(signal);
  const refused = scopes === undefined ? await gitea.findRefusedScopes(signal) : [];
  const described =
    scopes === undefined ? describeTried(refused, verifies) : describeScopes(scopes, verifies);
  const findings = [
    { name: 'token', ...ok('Gitea accepts it.') },
    { name: 'scopes', ...described },
  ];
  const readsUser = ['all', 'read:user', 'write:user'];
  if (scopes?.some((scope) => readsUser.includes(scope)) === false) return { findings };
  if (refused.includes('read:user')) return { findings };
  const user = await gitea.getUser(signal);
  const bot = { name: 'bot', ...describeBot(user, botUsername) };
  return { findings: [...findings, bot], value: user.login };
}

/** The outcome when there is no token to check. */
export function describeNoToken(config: ExaminedConfig, verifies: boolean): Outcome {
  if (isInvalid(config, 'GITEA_TOKEN'))
    return skipped('GITEA_TOKEN is invalid; see configuration.');
  return hint(
    'GITEA_TOKEN is not set: the service reads nothing from Gitea, writes nothing there, and learns of changes by webhooks alone.',
    newToken(verifies),
  );
}

/** Forgejo does not tell which scopes a token has, so each needed one was tried. */
function describeTried(refused: readonly string[], verifies: boolean): Outcome {
  if (refused.length > 0)
    return broken(
      `The token lacks ${refused.join(', ')}: this server refuses what needs it.`,
      `${newToken(verifies)} The scopes of a token cannot be changed.`,
    );
  return hint(
    `${minScopes.join(', ')} are granted. This server does not report which others the token has.`,
  );
}

function describeScopes(scopes: readonly string[], verifies: boolean): Outcome {
  if (scopes.includes('all'))
    return warning(
      'The token has all rights of its user, and so has anybody who steals it.',
      newToken(verifies),
    );
  const missing = neededScopes.filter((row) => !row.some((scope) => scopes.includes(scope)));
  if (missing.length > 0)
    return broken(
      `The token lacks ${missing.map(([scope]) => scope).join(', ')}; its scopes: ${scopes.join(', ') || 'none'}.`,
      `${newToken(verifies)} The scopes of a token cannot be changed.`,
    );
  if (scopes.includes('public-only'))
    return warning(
      'The token is limited to public repositories: it does not see private ones.',
      newToken(verifies),
    );
  if (verifies && !scopes.includes(forStatuses))
    return warning(
      `The token lacks ${forStatuses}: Gitea refuses the statuses and pull requests of verified commits.`,
      `${newToken(verifies)} Or set VERIFIERS=0.`,
    );
  const allowed = [...minScopes, 'read:issue', ...(verifies ? [forStatuses] : [])];
  const more = scopes.filter((scope) => !allowed.includes(scope));
  if (more.length === 0) return ok(`${scopesFor(verifies).join(', ')}, and no more.`);
  return warning(
    `The token has scopes that are not needed: ${more.join(', ')}.`,
    newToken(verifies),
  );
}

function describeBot(
  user: Awaited<ReturnType<Gitea['getUser']>>,
  configured: string | undefined,
): Outcome {
  if (configured !== undefined && configured.toLowerCase() !== user.login.toLowerCase())
    return broken(
      `GITEA_BOT_USERNAME is ${configured}, but the token belongs to ${user.login}.`,
      'Unset GITEA_BOT_USERNAME, or use a token of that user. Otherwise issues are assigned to one user and comments written by another.',
    );
  if (user.isAdmin)
    return warning(
      `${user.login} is a site administrator of Gitea.`,
      'Use an ordinary account for the bot, with write access to its repositories.',
    );
  return ok(`Issues assigned to ${user.login} get a plan.`);
}
