import { z } from 'zod';

import { ConfigError, CoordinatorError } from '../errors.ts';
import { readInput } from './files.ts';

/** Options that `doctor` and `setup` share. */

export const repositoryOption = z.string().regex(/^[\w.-]+\/[\w.-]+$/, '--repo must be owner/name');

export const hookUrlOption = z
  .string()
  .refine(isHookUrl, '--url must be the http or https URL of the route, ending in /webhook/gitea');

function isHookUrl(text: string): boolean {
  const url = URL.parse(text);
  return (
    url !== null &&
    /^https?:$/.test(url.protocol) &&
    url.username === '' &&
    url.password === '' &&
    url.search === '' &&
    url.hash === '' &&
    url.pathname.endsWith('/webhook/gitea')
  );
}

/** Reads a token that is alone in a file. It is never shown. */
export async function readToken(file: string): Promise<string> {
  const token = (await readOption(file)).trim();
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new ConfigError('usage', '--token-file must contain a token of Gitea and nothing else.');
}

async function readOption(file: string): Promise<string> {
  try {
    return await readInput(file);
  } catch (error) {
    if (error instanceof CoordinatorError) throw new ConfigError('usage', error.message);
    throw error;
  }
}

/** Minimum length of a secret that is hidden; shorter ones look like ordinary words. */
const minConcealed = 8;
/** Minimum length of a secret's beginning that is hidden; a shorter one reveals nothing. */
const minPart = 4;

/** Hides secrets in a text, also the beginning of one where the text was cut. */
export function conceal(secrets: readonly string[]): (text: string) => string {
  const long = secrets.filter((secret) => secret.length >= minConcealed);
  return (text) => long.reduce(concealOne, text);
}

function concealOne(text: string, secret: string): string {
  let shown = text.replaceAll(secret, '[hidden]');
  if (!shown.includes('…')) return shown;
  for (let length = secret.length - 1; length >= minPart; length -= 1)
    shown = shown.replaceAll(`${secret.slice(0, length)}…`, '[hidden]…');
  return shown;
}
