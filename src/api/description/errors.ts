import { z } from 'zod';

/** Every code of an error with its usual status and its meaning, in the order of docs/api.md. */
const errors = {
  invalid_request: [400, 'the request is not as described here'],
  invalid_cursor: [400, 'the cursor is of no page'],
  unauthorized: [401, 'no token, or an unknown one'],
  api_disabled: [403, 'API_TOKENS is not set'],
  forbidden: [403, 'the role of the token, or its agents, do not include this'],
  claim_token_invalid: [403, 'wrong token, or the claim of another caller'],
  git_refused: [403, 'the bot may not read the code of the repository on Gitea'],
  verification_token_invalid: [403, 'the token of another lease: stop that verification'],
  not_found: [404, 'there is no such thing, or not for this token'],
  stale_lease: [409, 'the lease has ended: stop working'],
  withdrawn: [409, 'the claim was ended; the message says why'],
  verification_off: [409, 'nothing is verified here'],
  nothing_to_verify: [409, 'no commit of the issue can be verified'],
  bytes_not_kept: [409, 'the bytes of the delivery are no longer stored'],
  too_large: [413, 'the body is too large'],
  handoff_too_large: [413, 'the handoff is larger than 32 KB'],
  unsupported_media_type: [415, 'another content type than the one described'],
  unknown_agent: [422, 'no profile has that name'],
  unknown_account: [422, 'no agent has that account'],
  context_invalid: [422, 'impossible figures of the context'],
  context_limit_missing: [422, 'neither the report nor the profile says how much fits'],
  spent_invalid: [422, 'impossible figures of the spending'],
  handoff_too_deep: [422, 'the handoff is nested too deep'],
  handoff_missing: [422, 'the handoff is empty'],
  idempotency_key_reused: [422, 'the key came with another body before'],
  commit_not_found: [422, 'the commit is not in the repository'],
  commit_no_change: [422, 'the default branch has the commit already, or it changes no file'],
  too_many_waiting: [429, 'too many calls wait already'],
  too_many_parked: [429, 'too many issues of this worker wait for a person'],
  too_many_failures: [429, 'too many setbacks within an hour'],
  internal: [500, 'an error of the service: the log says more'],
  store_unavailable: [503, 'the store does not answer, or cannot be written'],
  core_unavailable: [503, 'the part of the service that answers this does not'],
  gitea_unreachable: [503, 'Gitea cannot be reached'],
  gitea_timeout: [503, 'Gitea does not answer in time'],
  gitea_unavailable: [503, 'Gitea answers with an error, or wants fewer calls'],
  gitea_auth: [503, 'Gitea refuses the token of the bot'],
  gitea_unexpected: [503, 'Gitea answers something else'],
  gitea_oversized: [503, 'Gitea answers too much'],
} as const satisfies Readonly<Record<string, readonly [status: number, meaning: string]>>;
export type ErrorCode = keyof typeof errors;

/** A code, or one with another status than its usual one. */
export type DescribedError = ErrorCode | readonly [status: number, code: ErrorCode];

/** Errors of every route. */
const common: readonly ErrorCode[] = [
  ...(['invalid_request', 'unauthorized', 'api_disabled', 'forbidden', 'internal'] as const),
  ...(['store_unavailable', 'core_unavailable'] as const),
];
const ofPosts: readonly ErrorCode[] = ['too_large', 'unsupported_media_type'];
/** A part of the path is too long. */
const ofParameters: readonly DescribedError[] = [[414, 'invalid_request']];

/** The errors of a route of the API by their status. */
export function errorsOf(
  { method, url }: { readonly method: string; readonly url: string },
  own: readonly DescribedError[],
): ReadonlyMap<number, readonly ErrorCode[]> {
  const ofMethod = method === 'POST' ? ofPosts : [];
  const ofPath = url.includes('/:') ? ofParameters : [];
  const all = [...common, ...ofMethod, ...ofPath, ...own].map((error) =>
    typeof error === 'string' ? ([errors[error][0], error] as const) : error,
  );
  const sorted = all.toSorted(([one], [other]) => one - other);
  const groups = Map.groupBy(sorted, ([status]) => status);
  return new Map([...groups].map(([status, list]) => [status, list.map(([, code]) => code)]));
}

/** The answer with one of these codes, described. */
export function errorAnswer(codes: readonly ErrorCode[]) {
  const says = codes.map((code) => `\`${code}\`: ${errors[code][1]}`).join('; ');
  const shape = z.object({
    error: z.object({
      code: z.enum(codes).meta({ description: 'For programs.' }),
      message: z.string().meta({ description: 'A sentence for people.' }),
    }),
  });
  return { says: `${says}.`, shape };
}
