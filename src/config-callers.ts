import { z } from 'zod';

/*
 * Who may call the API and sign in to the pages, as the environment says it.
 */

/** Minimum length of a secret, in bytes: shorter ones can be guessed. */
export const minSecret = 16;

/** Roles of a token: those of `api/roles.ts`, which this file may not import; the compiler compares them in `app/`. */
const roles = ['reader', 'worker', 'verifier', 'operator'] as const;
const roleSchema = z.enum(roles);

export interface ApiToken {
  readonly name: string;
  readonly role: (typeof roles)[number];
  /** In lower case, as `owner/name` or `owner/*`; undefined: all. */
  readonly repositories: readonly string[] | undefined;
  readonly agents: readonly string[] | undefined;
  readonly token: string;
}

/** `name:token`, `name:role:token` or `name:role[narrowing]:token`. */
const tokenEntry = /^([\w.-]{1,64})\s*:\s*(?:(\w+)(?:\[([^[\]]*)\])?:)?([\x21-\x7e]+)$/;
/** The first part of a token with colons when it looks like a role: a typing error must not make an operator. */
const likeRole = /^[a-z][a-z_-]{0,31}\d{0,3}\s*:/i;
/** A role whose narrowing has begun. */
const openNarrowing = new RegExp(`^\\s*[\\w.-]+\\s*:\\s*(${roles.join('|')})\\[`, 'i');

/** The name is the caller's identity in logs and claims. Messages count the entries, and show nothing of them. */
export function parseApiTokens(
  text: string,
  context: z.RefinementCtx<string>,
): readonly ApiToken[] {
  const tokens: ApiToken[] = [];
  for (const [index, entry] of splitTokens(text).entries()) {
    const token = readToken(entry.trim());
    if (typeof token === 'string') context.addIssue(`${token} (entry ${index + 1})`);
    else tokens.push(token);
  }
  const names = new Set(tokens.map(({ name }) => name));
  const values = new Set(tokens.map(({ token: value }) => value));
  if (names.size < tokens.length || values.size < tokens.length)
    context.addIssue('must not name a caller or a token twice');
  return tokens;
}

/** Entries end at a comma, but for those inside the brackets of a role. */
function splitTokens(text: string): string[] {
  const entries: string[] = [];
  for (const piece of text.split(',')) {
    const last = entries.at(-1);
    if (last !== undefined && openNarrowing.test(last) && !last.includes(']'))
      entries[entries.length - 1] = `${last},${piece}`;
    else entries.push(piece);
  }
  return entries;
}

/** One token, or what is wrong with it. */
function readToken(entry: string): ApiToken | string {
  const [, name = '', word = '', narrowing, rest = ''] = tokenEntry.exec(entry) ?? [];
  const role = roleSchema.safeParse(word.toLowerCase()).data;
  // Without a role all that follows the name is the token, colons included.
  const token = role === undefined ? entry.slice(entry.indexOf(':') + 1).trim() : rest;
  if (name === '' || token.length < minSecret)
    return `must be name:token or name:role:token with tokens of at least ${minSecret} characters; the roles are ${roles.join(', ')}`;
  if (role === undefined && likeRole.test(token))
    return `must have one of the roles ${roles.join(', ')} after the name; a token that itself begins with a word and a colon is written name:operator:token`;
  const narrowed = narrowing === undefined ? {} : readNarrowing(narrowing);
  // A narrowing that cannot be read must not become a part of the token.
  const isMisread = role === undefined && (narrowing !== undefined || openNarrowing.test(entry));
  if (isMisread || narrowed === undefined)
    return 'must narrow a caller as name:role[repos=owner/name;owner/*,agents=name]:token';
  if (role === 'operator' && narrowing !== undefined)
    return 'must not narrow an operator, whose pauses and replays concern everything';
  const { repos, agents } = role === undefined ? {} : narrowed;
  return { name, role: role ?? 'operator', repositories: repos, agents, token };
}

/** Values of `repos=` and `agents=`, separated by any of `;`, `,`, `|` and blanks; undefined when unreadable. */
function readNarrowing(text: string) {
  const lists: { repos?: string[]; agents?: string[] } = {};
  let list: string[] = [];
  for (const item of text.toLowerCase().split(/[;,|\s]+/)) {
    const [, key, value = item] = /^(repos|agents)=(.*)$/.exec(item) ?? [];
    if (key === 'repos' || key === 'agents') {
      if (lists[key] !== undefined) return undefined;
      lists[key] = list = [];
    }
    const pattern = list === lists.repos ? /^[\w.-]+\/([\w.-]+|\*)$/ : /^[\w.-]+$/;
    if (!pattern.test(value)) return undefined;
    list.push(value);
  }
  return lists.repos === undefined && lists.agents === undefined ? undefined : lists;
}

/** Somebody who may sign in to the pages with an account of Gitea. */
export type GiteaMember = Omit<ApiToken, 'token'>;

/** `login:role` or `login:role[narrowing]`. */
const memberEntry = /^([\w.-]{1,64})\s*:\s*(\w+)(?:\[([^[\]]*)\])?$/;

/** Logins of Gitea with the role that each has here. Whoever is not named cannot sign in. */
export function parseMembers(text: string, context: z.RefinementCtx): readonly GiteaMember[] {
  const members = splitTokens(text).map((entry, index) => {
    const [, name, word = '', narrowing] = memberEntry.exec(entry.trim()) ?? [];
    const role = roleSchema.safeParse(word.toLowerCase()).data;
    const narrowed = narrowing === undefined ? {} : readNarrowing(narrowing);
    const isOperatorNarrowed = role === 'operator' && narrowing !== undefined;
    if (name !== undefined && role !== undefined && narrowed !== undefined && !isOperatorNarrowed)
      return { name, role, repositories: narrowed.repos, agents: narrowed.agents };
    context.addIssue(
      `must be login:role or login:reader[repos=owner/*], separated by commas; the roles are ${roles.join(', ')} (entry ${index + 1})`,
    );
    return undefined;
  });
  const known = members.filter((member) => member !== undefined);
  if (new Set(known.map(({ name }) => name.toLowerCase())).size < known.length)
    context.addIssue('must not name a login twice');
  return known;
}
