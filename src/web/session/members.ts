import { createHash, timingSafeEqual } from 'node:crypto';

import type { Caller } from '../../api/roles.ts';

/**
 * Somebody who may sign in, with what his right rests on: the digest of a token, or a line of `OAUTH_USERS`. A session
 * keeps the proof, and ends when it is no longer that of a member.
 */
export interface Member {
  readonly caller: Caller;
  readonly proof: string;
}

/** The OAuth2 application of Gitea, by which members with a login sign in. */
export interface GiteaApplication {
  readonly giteaUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Address of this service, to which Gitea leads back. */
  readonly publicUrl: string;
}

/** A link that signs in whoever opens it first. Only the demo has one. */
export interface SignInOnce {
  /** Random, at least 16 bytes of it. */
  readonly code: string;
  /** Name of the token in `API_TOKENS` whose rights the visitor gets. */
  readonly caller: string;
  /** Real time from the start of the service. */
  readonly lifeMs: number;
}

interface MemberLists {
  /** `API_TOKENS`. */
  readonly tokens: readonly (Caller & { readonly token: string })[];
  /** `OAUTH_USERS`: callers by their logins at Gitea. */
  readonly logins: readonly Caller[];
}

export type Members = ReturnType<typeof createMembers>;

/** Who may sign in, and with what: the only place where that is decided. What a member may do then, his role says. */
export function createMembers({ tokens, logins }: MemberLists) {
  const byTokens = tokens.map(({ token, ...caller }): Member => ({
    caller,
    proof: proofOf(token),
  }));
  const byLogins = logins.map((caller): Member => {
    return { caller, proof: `gitea:${hashOf(JSON.stringify(caller))}` };
  });
  const all = [...byTokens, ...byLogins];

  /** Whose token it is. All are compared, in constant time. */
  function byToken(token: string): Member | undefined {
    const given = Buffer.from(proofOf(token));
    const [found] = byTokens.filter(({ proof }) => timingSafeEqual(Buffer.from(proof), given));
    return found;
  }

  /** Whose account of Gitea it is: there, too, capitals make no other account. */
  function byLogin(login: string): Member | undefined {
    const name = login.toLowerCase();
    return byLogins.find(({ caller }) => caller.name.toLowerCase() === name);
  }

  /** Who has the token of this name. */
  function byTokenName(name: string): Member | undefined {
    return byTokens.find(({ caller }) => caller.name === name);
  }

  /** Who may still do what was proved when he signed in. */
  function byProof(name: string, proof: string): Caller | undefined {
    return all.find((member) => member.caller.name === name && member.proof === proof)?.caller;
  }

  return { byToken, byLogin, byTokenName, byProof };
}

function proofOf(token: string): string {
  return `token:${hashOf(`session ${token}`)}`;
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
