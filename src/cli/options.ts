import { z } from 'zod';

import { ConfigError, CoordinatorError } from '../errors.ts';
import { readInput } from './files.ts';

/** A whole number from 1 to `max`; `option`: its name and unit in the message. */
export function countOption(option: string, max: number) {
  const message = `${option} from 1 to ${max}`;
  return z.coerce.number(message).int(message).min(1, message).max(max, message);
}

/** Options of every command that shows a list. */
export const listOptionsSchema = z.object({
  /** Maximum number of items in a list. */
  limit: countOption('--limit must be a whole number', 10_000),
  json: z.boolean().default(false),
});

/** Checks the options of a command; throws one `ConfigError` that names all problems. */
export function parseOptions<T>(schema: z.ZodType<T>, rawOptions: unknown): T {
  const parsed = schema.safeParse(rawOptions);
  if (parsed.success) return parsed.data;
  throw new ConfigError('usage', z.prettifyError(parsed.error));
}

/** `owner/name`. */
export const repositoryName = /^[\w.-]+\/[\w.-]+$/;

export const repositoryOption = z.string().regex(repositoryName, '--repo must be owner/name');

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

/** Reads the token that is alone in the file of `--token-file`. It is never shown. */
export async function readToken(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  const text = await readInput(file).catch((error: unknown) => {
    if (error instanceof CoordinatorError) throw new ConfigError('usage', error.message);
    throw error;
  });
  if (/^[\x21-\x7e]+$/.test(text.trim())) return text.trim();
  throw new ConfigError('usage', '--token-file must contain a token of Gitea and nothing else.');
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
