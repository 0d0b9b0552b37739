import type { GiteaRepository } from '../../gitea/schemas.ts';
import { skipped } from './check.ts';
import type { HookExpectation, RepositoryHooks } from './classify-hooks.ts';
import { checkConnection } from './connection.ts';
import { runCheck, type Diagnosis } from './diagnosis.ts';
import { checkHooks } from './hooks.ts';
import { checkRepositories, type StoredRepository } from './repositories.ts';
import { checkToken, noTokenFinding } from './token.ts';

/** Checks Gitea, the token and the rights of the bot; undefined when its repositories stay unknown. */
export async function checkAccess(
  diagnosis: Diagnosis,
  stored: readonly StoredRepository[],
): Promise<readonly GiteaRepository[] | undefined> {
  const { config, gitea, now, repository, take } = diagnosis;
  const { giteaUrl: url, giteaToken, botUsername } = config;
  const dependent = ['token', 'repositories'];
  if (url === undefined) {
    take(skipped('GITEA_URL is invalid; see configuration.', 'gitea', ...dependent));
    return undefined;
  }
  const signedIn = giteaToken === undefined ? undefined : gitea.bot;
  const connection = await runCheck(diagnosis, { name: 'gitea' }, (signal) =>
    checkConnection({ gitea: gitea.anonymous, signedIn, url, now }, signal),
  );
  if (connection === undefined) {
    take(skipped('Gitea does not answer.', ...dependent));
    return undefined;
  }
  if (giteaToken === undefined) {
    take({ findings: [noTokenFinding(config)], value: undefined });
    take(skipped('This check needs a token.', 'repositories'));
    return undefined;
  }
  const bot = await runCheck(diagnosis, { name: 'token' }, (signal) =>
    checkToken({ gitea: gitea.bot, botUsername }, signal),
  );
  if (bot === undefined) {
    take(skipped('The owner of the token is not known.', 'repositories'));
    return undefined;
  }
  const deps = { gitea: gitea.bot, bot: bot.login, only: repository, stored };
  return runCheck(diagnosis, { name: 'repositories' }, (signal) => checkRepositories(deps, signal));
}

interface Webhooks {
  readonly repositories: readonly GiteaRepository[] | undefined;
  readonly expected: HookExpectation;
}

/** The hooks of each repository, where they could be read. */
export async function checkWebhooks(
  diagnosis: Diagnosis,
  { repositories, expected }: Webhooks,
): Promise<readonly RepositoryHooks[]> {
  const { gitea, take } = diagnosis;
  if (repositories === undefined) {
    take(skipped('The repositories are not known.', 'hooks'));
    return [];
  }
  const deps = { ...gitea, repositories, expected };
  const hooks = await runCheck(diagnosis, { name: 'hooks' }, (signal) => checkHooks(deps, signal));
  return hooks ?? [];
}
