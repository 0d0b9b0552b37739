import { z } from 'zod';

import { ConfigError, CoordinatorError } from '../errors.ts';
import { readInput } from './files.ts';

/** What `doctor` and `setup` take alike. */

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

/** A token that stands alone in a file; never shown. */
export async function readToken(file: string): Promise<string> {
  const token = (await readOption(file)).trim();
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new ConfigError('usage', '--token-file must hold a token of Gitea and nothing else.');
}

async function readOption(file: string): Promise<string> {
  try {
    return await readInput(file);
  } catch (error) {
    if (error instanceof CoordinatorError) throw new ConfigError('usage', error.message);
    throw error;
  }
}

/** Shorter ones cannot be told from ordinary words. */
const minConcealed = 8;
/** A beginning of a secret that is shorter gives nothing away. */
const minPart = 4;

/**
 * Takes secrets out of a text, whoever put them there; also what is left of one where the text was cut.
 */
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
