import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { z } from 'zod';

import type { Claims } from '../claims/claims.ts';
import type { RequestedVerification } from '../claims/verified-completion.ts';
import type { Pauses } from '../claims/pauses.ts';
import type { GitReply, GitRequest } from '../gitea/git-fetch.ts';
import type { DeliveryView } from '../inbox/delivery-views.ts';
import type { IssueKey, IssueRef } from '../issue/ref.ts';
import type { Logger } from '../log.ts';
import type { AgentProfile } from '../planning/agent-profiles.ts';
import type { PlanStore } from '../plans/plan-views.ts';
import type { Verifications } from '../verification/verifications.ts';
import type { CallerOf } from './auth.ts';

/** The server below the prefix of the API, where each group of routes registers itself. */
export type Api = Parameters<FastifyPluginCallbackZod>[0];

export interface ApiDeps {
  /** False while the store refuses writes: a call that changes something is answered 503 then. */
  readonly canStore: () => Promise<boolean>;
  readonly callerOf: CallerOf;
  /** True without any token: the API is off. */
  readonly isOff: boolean;
  /** Called for a call without a valid token. */
  readonly onFailedLogin: () => void;
  readonly store: PlanStore;
  readonly claims: Claims;
  readonly pauses: Pauses;
  /** Undefined where nothing can be verified. */
  readonly verifications: Verifications | undefined;
  /** Asks for the last commit of an issue to be verified once more; a sentence when there is none. */
  readonly verifyAgain: (
    issue: IssueKey,
    caller: string,
    signal: AbortSignal,
  ) => Promise<RequestedVerification | { readonly refusal: string }>;
  readonly findIssue: (ref: IssueRef) => Promise<IssueKey | undefined>;
  /** Passes a fetch of git on to Gitea; undefined without a token, and for a repository that is not known. */
  readonly gitFetch:
    | ((
        repositoryId: number,
        request: Omit<GitRequest, 'repository'>,
        signal: AbortSignal,
      ) => Promise<GitReply | undefined>)
    | undefined;
  /** The profiles in force. */
  readonly agents: readonly AgentProfile[];
  readonly now: () => number;
  readonly log: Logger;
  /** Moves what webhooks have just brought to where it is listed; never rejects. */
  readonly takeIn: () => Promise<unknown>;
  /** Makes a delivery due now; undefined when there is none with that id. */
  readonly replay: (id: string) => Promise<DeliveryView | undefined>;
}

/**
 * A whole number in a path or a query, where all is text. The schema says the number, so that the description does,
 * too.
 */
function inDigits<T extends z.ZodType>(number: T) {
  return z.preprocess(
    (text) => (typeof text === 'string' && /^(0|[1-9]\d{0,15})$/.test(text) ? Number(text) : text),
    number,
  );
}

const limitMessage = 'must be a whole number from 1 to 200';
/** Query parameters of every list that has pages. */
export const limitSchema = inDigits(
  z.int(limitMessage).min(1, limitMessage).max(200, limitMessage).default(50),
).meta({ description: 'Entries of a page.' });
export const cursorSchema = z
  .string()
  .max(200)
  .optional()
  .meta({ description: 'The `nextCursor` of the page before.' });

const waitMessage = 'must be a whole number of seconds from 0 to 60';
/** Query of a call that waits for what it asks. */
export const waitQuery = z.strictObject({
  wait: inDigits(z.int(waitMessage).min(0, waitMessage).max(60, waitMessage).default(0)).meta({
    description: 'Seconds that the call waits for an answer, at most.',
  }),
});

const numberMessage = 'must be the number of an issue';
export const issueNumber = inDigits(z.int(numberMessage).min(1, numberMessage)).meta({
  description: 'Number of the issue in its repository.',
});

/** Query of a route that takes none. */
export const noQuery = z.strictObject({});
/** Body of a route that takes none. */
export const noBody = z.strictObject({}).nullish();
