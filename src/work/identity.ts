import { execa } from 'execa';

import { gitPath } from '../gates/checkout/git-command.ts';
import type { Author } from './workspace/files.ts';
import { operatorVariables, type OperatorEnvironment } from './workspace/operator-git.ts';

/** Author of commits where the operator has set none. The name of the host is reserved: nobody gets mail there. */
const defaultAuthor: Author = { name: 'Mosaic Agent', email: 'agent@mosaic-coordinator.invalid' };
const timeoutMs = 10_000;

/** Who the commits of agents are by: the operator's identity in git, else a fixed one. */
export async function authorOf(environment: OperatorEnvironment): Promise<Author> {
  const name = environment['GIT_AUTHOR_NAME'] ?? (await setting('user.name', environment));
  const email = environment['GIT_AUTHOR_EMAIL'] ?? (await setting('user.email', environment));
  return isUsable(name) && isUsable(email) ? { name, email } : defaultAuthor;
}

async function setting(name: string, environment: OperatorEnvironment): Promise<string> {
  const result = await execa(await gitPath(), ['config', '--get', name], {
    // No repository is here.
    cwd: '/',
    env: operatorVariables(environment),
    extendEnv: false,
    stdin: 'ignore',
    timeout: timeoutMs,
    reject: false,
  });
  return result.exitCode === 0 ? result.stdout.trim() : '';
}

/** What git itself would accept in the header of a commit. */
function isUsable(text: string): boolean {
  return /^[^<>\p{Cc}]{1,200}$/u.test(text) && /[^\s.,:;"'\\]/.test(text);
}
