import { z } from 'zod';

import { heartbeatAnswer, stateAnswer, takeAnswer } from '../../issue/verification.ts';
import { ofGitea } from './claim-operations.ts';
import type { Operation } from './operation.ts';
import * as shape from './shapes.ts';

const ofLease = ['verification_off', 'verification_token_invalid', 'stale_lease'] as const;
const ofGit = [...ofLease, 'git_refused', 'not_found', ...ofGitea] as const;
const ofVerifier = 'For the verifier that runs it.';

export const verificationOperations = {
  'GET /api/v1/verifications/:id': {
    id: 'getVerification',
    group: 'Verifications',
    summary: 'One verification; waits for its end with `?wait=`',
    answers: { 200: { says: 'The verification.', shape: shape.verification } },
    errors: ['not_found', 'verification_off', 'too_many_waiting'],
  },
  'GET /api/v1/verifications/:id/report': {
    id: 'getVerificationReport',
    group: 'Verifications',
    summary: 'The whole report of its gates',
    answers: {
      200: { says: 'The report, as the command `gates` writes it.', shape: z.looseObject({}) },
    },
    errors: ['not_found'],
  },
  'GET /api/v1/issues/:owner/:repo/:number/verifications': {
    id: 'listVerifications',
    group: 'Verifications',
    summary: 'The verifications of an issue, newest first',
    answers: { 200: { says: 'The verifications.', shape: shape.itemsOf(shape.verification) } },
    errors: ['not_found'],
  },
  'POST /api/v1/issues/:owner/:repo/:number/verify': {
    id: 'verifyIssue',
    group: 'Verifications',
    summary: 'Verifies the last commit of an issue once more',
    answers: {
      202: { says: 'The verification is queued.', shape: shape.verifying.omit({ claimId: true }) },
    },
    errors: ['not_found', 'nothing_to_verify', ...ofGitea],
  },
  'POST /api/v1/verifications/take': {
    id: 'takeVerification',
    group: 'Verifiers',
    summary: 'The next verification, with a lease; waits for one with `?wait=`',
    answers: {
      200: { says: 'There is nothing to verify.', shape: takeAnswer },
      201: { says: 'A verification is taken.', shape: takeAnswer },
    },
    errors: ['verification_off', 'too_many_waiting'],
  },
  'POST /api/v1/verifications/:id/heartbeat': {
    id: 'extendVerification',
    group: 'Verifiers',
    summary: 'A new lease',
    more: ofVerifier,
    answers: { 200: { says: 'The lease is extended.', shape: heartbeatAnswer } },
    errors: ofLease,
  },
  'POST /api/v1/verifications/:id/verdict': {
    id: 'recordVerdict',
    group: 'Verifiers',
    summary: 'Its verdict, which ends it',
    more: ofVerifier,
    answers: { 200: { says: 'The verification has ended.', shape: stateAnswer } },
    errors: ofLease,
  },
  'POST /api/v1/verifications/:id/give-back': {
    id: 'giveBackVerification',
    group: 'Verifiers',
    summary: 'Back into the queue',
    more: ofVerifier,
    answers: { 200: { says: 'It is queued again.', shape: stateAnswer } },
    errors: ofLease,
  },
  'GET /api/v1/verifications/:id/git/info/refs': {
    id: 'getGitRefs',
    group: 'Verifiers',
    summary: 'Git fetches the repository: what there is',
    more: 'For git itself: give it the path up to `/git` as the address of the repository.',
    answers: {
      200: {
        says: 'What Gitea answers.',
        shape: z.unknown(),
        type: 'application/x-git-upload-pack-advertisement',
      },
    },
    errors: ofGit,
  },
  'POST /api/v1/verifications/:id/git/git-upload-pack': {
    id: 'fetchGitPack',
    group: 'Verifiers',
    summary: 'Git fetches the repository: the objects',
    more: 'For git itself.',
    answers: {
      200: {
        says: 'What Gitea answers.',
        shape: z.unknown(),
        type: 'application/x-git-upload-pack-result',
      },
    },
    errors: ofGit,
  },
} as const satisfies Readonly<Record<string, Operation>>;
