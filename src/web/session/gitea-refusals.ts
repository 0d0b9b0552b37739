import { AuthorizationResponseError, ResponseBodyError } from 'openid-client';
import { z } from 'zod';

import { describeError } from '../../errors.ts';

/** What to tell somebody whom Gitea did not sign in. */
export const refusals = {
  away: 'Gitea does not answer at GITEA_URL, or has another ROOT_URL. The log says more: sign in with a token.',
  saidNo: 'You said no at Gitea, so nobody is signed in here.',
  notTaken:
    'Gitea refused the word of this service: mostly OAUTH_CLIENT_SECRET is wrong. The log says more.',
  notProved: 'Gitea did not say who you are, or it took too long. Try once more.',
  notNamed: (login: string) =>
    `The account ${login} may not sign in here: an operator can name it in OAUTH_USERS. To use another account, sign out at Gitea first.`,
};

/** By the codes of RFC 6749, as Gitea uses them. */
export function refusalOf(error: unknown): string {
  const code = isAnswer(error) ? error.error : '';
  if (code === 'access_denied') return refusals.saidNo;
  // Gitea says both of a secret that is wrong.
  if (code === 'invalid_client' || code === 'unauthorized_client') return refusals.notTaken;
  return refusals.notProved;
}

const otherIssuer = z.object({
  cause: z.object({ expected: z.string(), body: z.object({ issuer: z.string() }) }),
});

/** For the log: what Gitea said, beside what the library says of it. */
export function reasonOf(error: unknown): string {
  if (isAnswer(error))
    return `Gitea answers ${error.error}: ${String(error.error_description).slice(0, 200)}`;
  const { data } = otherIssuer.safeParse(error);
  if (data === undefined) return describeError(error);
  return `Gitea calls itself ${data.cause.body.issuer.slice(0, 200)}, which is not GITEA_URL (${data.cause.expected})`;
}

function isAnswer(error: unknown): error is AuthorizationResponseError | ResponseBodyError {
  return error instanceof AuthorizationResponseError || error instanceof ResponseBodyError;
}
