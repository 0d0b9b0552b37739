import { createSerial } from '../lib/serial.ts';
import { createAsks } from './hand-out/asks.ts';
import { endClaim } from './claim-end.ts';
import type { ClaimCall, ClaimEnd, ClaimRequest } from './claim.ts';
import { giveBackFor, type TakenBack } from './give-back.ts';
import { handOut } from './hand-out/hand-out.ts';
import { readHeldUp, type Viewer } from './hand-out/held-up.ts';
import { heartbeat, type HeartbeatReport } from './heartbeat.ts';
import { compacts, takeFindings } from './hook-events.ts';
import type { ClaimsState } from './state.ts';
import { createClaimTokens, type TokenSecrets } from './token.ts';
import { rotate, type RotationRequest } from './rotate.ts';
import { listClaims } from './views.ts';

export interface ClaimsDeps extends Omit<
  ClaimsState,
  'tokens' | 'asks' | 'beingChecked' | 'serially'
> {
  readonly secrets: TokenSecrets;
  /** Other replicas hand out the same issues: nobody knows who asks them. */
  readonly hasReplicas: boolean;
}

export type Claims = ReturnType<typeof createClaims>;

/** Upper bound of live claims listed for one worker. */
const maxListed = 1_000;

/**
 * Hands issues out to workers, one lease an issue.
 *
 * Promises: at most one live claim an issue and `concurrency` live claims an agent, by one conditional
 * statement and a unique index. Every step is one transaction, which also stores the answer for its
 * Idempotency-Key, so a lost answer and its retry have one effect. A claim that has ended is never revived.
 *
 * Accepted races: a worker whose lease expires works on until its next call, which is refused. When several
 * workers check one candidate with Gitea at the same time, the others take the next one and may find nothing.
 */
export function createClaims({ secrets, hasReplicas, ...deps }: ClaimsDeps) {
  const asks = createAsks(deps.now);
  const state: ClaimsState = {
    ...{ ...deps, asks },
    tokens: createClaimTokens(secrets),
    beingChecked: new Map(),
    serially: createSerial(),
  };
  return {
    claim: (request: ClaimRequest, waitMs: number, signal: AbortSignal) =>
      handOut(state, request, { waitMs, signal }),
    /** Lists the live claims of a worker. */
    list: async (worker: string) => {
      await deps.settleClock();
      return listClaims(deps.db, { worker, now: deps.now(), limit: maxListed });
    },
    /** Why ready issues are not handed out, as far as the viewer may know. */
    heldUp: (viewer: Viewer) =>
      readHeldUp({ ...deps, asks: hasReplicas ? undefined : asks }, viewer),
    heartbeat: (call: ClaimCall, report: HeartbeatReport) => heartbeat(state, call, report),
    takeFindings: (call: ClaimCall, verificationId: string | undefined) =>
      takeFindings(state, call, verificationId),
    compacts: (call: ClaimCall) => compacts(state, call),
    rotate: (call: ClaimCall, request: RotationRequest) => rotate(state, call, request),
    end: (call: ClaimCall, end: ClaimEnd, signal: AbortSignal) =>
      endClaim(state, call, end, signal),
    /** For an operator, who holds no token of the claim. */
    giveBack: (taken: TakenBack) => giveBackFor(state, taken),
  };
}
