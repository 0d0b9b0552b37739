import { isIP } from 'node:net';

import { z } from 'zod';

/*
 * Addresses of the environment: of services that are called, and of proxies. What cannot work is refused at the start,
 * with a sentence that shows nothing of the value, for some hold a token.
 */

export const baseUrl = z
  .string()
  .refine(isBaseUrl, { message: 'must be an http or https URL without user, query or fragment' })
  .transform((text) => new URL(text).href.replace(/\/+$/, ''));

/** Links of the pages begin at the root of their host. */
export const publicUrl = baseUrl.refine((text) => new URL(text).pathname === '/', {
  message:
    'must have no path: the pages need a host name or a port of their own, such as https://mosaic.example.test',
});

/** Manuals also give the address with the path of one signal. */
export const collectorUrl = baseUrl.refine((text) => !/\/v1\/(traces|metrics|logs)$/.test(text), {
  message:
    'must be the base URL of the collector, such as http://collector:4318: /v1/traces is added to it',
});

function isBaseUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return false;
  return (
    url.username === '' &&
    url.password === '' &&
    /^https?:\/\/[^/]/i.test(text) &&
    !/[?#\s]/.test(text)
  );
}

const targetForm = z.enum(['webhook', 'ntfy', 'slack', 'matrix']);
type Target = Readonly<{
  form: z.infer<typeof targetForm>;
  url: string;
  token: string | undefined;
}>;

/** Where people are told; messages count the entries, and show nothing of them. */
export function parseTargets(text: string, context: z.RefinementCtx): readonly Target[] {
  const targets: Target[] = [];
  const entries = text.split(/[\s,]+/).filter((entry) => entry !== '');
  for (const [index, entry] of entries.entries()) {
    const target = readTarget(entry);
    const isKnown = targets.some((other) => JSON.stringify(other) === JSON.stringify(target));
    const problem =
      typeof target === 'string' ? target : isKnown ? 'must not name a target twice' : undefined;
    if (problem !== undefined) context.addIssue(`${problem} (entry ${index + 1})`);
    else if (typeof target !== 'string') targets.push(target);
  }
  return targets;
}

/** One target, or what is wrong with it. */
function readTarget(entry: string): Target | string {
  const [, word = 'webhook', address = ''] = /^(?:(\w+)\+)?(.*)$/s.exec(entry) ?? [];
  const form = targetForm.safeParse(word).data;
  const url = URL.parse(address);
  if (url === null || !/^https?:$/.test(url.protocol) || form === undefined)
    return 'must be URLs of http or https, separated by blanks or commas; before the URL of ntfy, Slack or Matrix stands ntfy+, slack+ or matrix+';
  if (!isDecodable(url.password) || !isDecodable(url.pathname))
    return 'must write a % that stands for itself as %25';
  const problem = problemOf(form, url);
  if (problem !== undefined) return problem;
  const token = url.password === '' ? undefined : decodeURIComponent(url.password);
  url.username = url.password = url.hash = '';
  return { form, url: url.href, token };
}

/** Why a target of this form could never be told, or not as it is written. */
function problemOf(form: Target['form'], url: URL): string | undefined {
  const last = decodeURIComponent(url.pathname.split('/').pop() ?? '');
  const hasUser = url.username !== '';
  switch (form) {
    case 'webhook':
    case 'slack':
      return hasUser || url.password !== ''
        ? 'must have no user and no password in the URL of a webhook or of Slack, which would not be sent: use the secret in its path or query'
        : undefined;
    case 'ntfy':
      if (hasUser)
        return 'must have a token and no user in the URL of ntfy, as in ntfy+https://:TOKEN@host/topic';
      return last === ''
        ? 'must name the topic of ntfy, as in ntfy+https://ntfy.sh/topic'
        : undefined;
    case 'matrix': {
      const example = 'matrix+https://:TOKEN@host/!room:host';
      if (hasUser) return `must have a token and no user in the URL of Matrix, as in ${example}`;
      if (!/^!./.test(last)) return `must name the id of a room of Matrix, as in ${example}`;
      return url.password === ''
        ? `must have the token of an account of Matrix, as in ${example}`
        : undefined;
    }
  }
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** Addresses, ranges such as `10.0.0.0/8`, or the names `loopback`, `linklocal`, `uniquelocal` that Fastify knows. */
export function parseProxies(text: string, context: z.RefinementCtx): readonly string[] {
  const names = text.split(',').map((name) => name.trim());
  const isProxy = (name: string) =>
    ['loopback', 'linklocal', 'uniquelocal'].includes(name) || isAddressOrRange(name);
  if (!names.every(isProxy))
    context.addIssue(
      'must be addresses or ranges of proxies, separated by commas, such as loopback,10.0.0.0/8',
    );
  else if (names.some((name) => /\/0+$/.test(name)))
    context.addIssue(
      'must not be a range of all addresses, with which anybody could say from where a request comes: name the proxies alone, such as loopback,10.0.0.0/8',
    );
  return names;
}

function isAddressOrRange(name: string): boolean {
  const [address = '', bits, ...more] = name.split('/');
  const version = isIP(address);
  if (version === 0 || more.length > 0) return false;
  return (
    bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128))
  );
}
