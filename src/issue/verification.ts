import { z } from 'zod';

/** The words and the wire between the service and a verifier. Both sides read and write by these schemas. */

/** `queued` and `running` may change; the others have ended. */
export const verificationStates = ['queued', 'running', 'passed', 'failed', 'error'] as const;
export type VerificationState = (typeof verificationStates)[number];

export const verdictOutcomes = ['passed', 'failed', 'error'] as const;
export type VerdictOutcome = (typeof verdictOutcomes)[number];

/**
 * Why a verification ended as it did. Those of `failed` are for the author of the commit; those of `error` are ours,
 * and never count against the author.
 */
export const verdictCauses = {
  passed: ['gates_passed'],
  failed: [
    'gates_failed',
    'merge_conflict',
    'nothing_changed',
    'unrelated_history',
    'commit_not_found',
  ],
  error: [
    'no_space',
    'no_network',
    'git_failed',
    'too_large',
    'no_sandbox',
    'gates_error',
    'timeout',
    'internal',
  ],
} as const satisfies Readonly<Record<VerdictOutcome, readonly string[]>>;

/** Header with the token of the job, on every call about a job that was taken. */
export const verificationTokenHeader = 'x-verification-token';
/** Maximum length of the list of findings: some 6,000 tokens. */
export const verdictFindingsLimit = 24_000;
/** Maximum length of the report as JSON. */
export const verdictReportLimit = 1_000_000;
/** Maximum length of the body of a verdict; the report is most of it. */
export const verdictBodyLimit = 2 * 1024 * 1024;
/** Maximum gates of a verdict. */
export const verdictGatesLimit = 100;
/** Maximum length of one message of a verdict. */
export const verdictMessageLimit = 2_000;

const hash = z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/, 'must be a full hash');
export const branchName = z
  .string()
  .regex(
    /^(?![-./])(?!.*(?:\.\.|\/\/|@\{|\/\.|\.lock(?:\/|$)|[./]$))[^\0-\x20\x7f~^:?*[\\]{1,255}$/,
    {
      error: 'must be the name of a branch',
    },
  );
const message = z.string().max(verdictMessageLimit);
const milliseconds = z.number().int().nonnegative();

/** A verification that a verifier has taken, with the token that its other calls need. */
export const verificationJob = z.object({
  verificationId: z.string().regex(/^[\w-]{1,100}$/),
  token: z.string().min(1).max(200),
  /** ISO 8601, UTC. */
  leaseExpiresAt: z.string(),
  /** `acme/orbit#12`, for people. */
  issue: z.string().max(300),
  repository: z.string().max(300),
  repositoryId: z.number().int().positive(),
  commit: hash,
  /** The branch that the commit is said to be on. */
  branch: branchName.nullable(),
  baseBranch: branchName,
  /** Count from 1 of the runs of this verification. */
  attempt: z.number().int().positive(),
});
export type VerificationJob = z.infer<typeof verificationJob>;

/** Answer of `POST /verifications/take`; null when nothing came within the wait. */
export const takeAnswer = z.object({ job: verificationJob.nullable() });
/** Answer of `POST /verifications/{id}/heartbeat`. */
export const heartbeatAnswer = z.object({ leaseExpiresAt: z.string() });
/** Answer of `POST /verifications/{id}/verdict`, and of `/give-back`, which puts the job back into the queue. */
export const stateAnswer = z.object({ state: z.enum(verificationStates) });

/** One gate of a verdict, in short. The whole result is in the report. */
export const verdictGate = z.object({
  gate: z.string().min(1).max(100),
  status: z.enum(['passed', 'failed', 'error', 'timeout', 'skipped']),
  /** False when the gate is not part of the verdict. */
  counts: z.boolean(),
  message,
  durationMs: milliseconds,
  /** Name and version; null when none was found or the gate uses none. */
  tool: z.string().max(300).nullable(),
});
export type VerdictGate = z.infer<typeof verdictGate>;

const common = {
  /** Head of the base branch that the commit was merged onto; null when it was not reached. */
  base: hash.nullable(),
  /** Tree of the merge; null when there is none. */
  tree: hash.nullable(),
  /** SHA-256 over the configuration of the gates; null when none ran. */
  configHash: z.string().max(100).nullable(),
  /** Versions of node, git and the gates, in one line. */
  environment: z.string().max(500),
  gates: z.array(verdictGate).max(verdictGatesLimit),
  /** What the author is to fix, as a list; empty when passed. */
  findings: z.string().max(verdictFindingsLimit),
  /** SHA-256 over the sorted findings without line numbers; null when there are none. */
  fingerprint: z.string().max(100).nullable(),
  /** The report of the gates; null when none ran. */
  report: z.unknown(),
  durations: z.object({ fetchMs: milliseconds, mergeMs: milliseconds, gatesMs: milliseconds }),
};

/** Body of `POST /verifications/{id}/verdict`. */
export const verdict = z.discriminatedUnion('outcome', [
  z.object({
    outcome: z.literal('passed'),
    cause: z.object({ code: z.enum(verdictCauses.passed), message }),
    ...common,
  }),
  z.object({
    outcome: z.literal('failed'),
    cause: z.object({ code: z.enum(verdictCauses.failed), message }),
    ...common,
  }),
  z.object({
    outcome: z.literal('error'),
    cause: z.object({ code: z.enum(verdictCauses.error), message }),
    ...common,
  }),
]);
export type Verdict = z.infer<typeof verdict>;

/** A commit on Gitea, compared with the default branch. */
export type CommitCheck =
  /** It has changes that the default branch does not have; `commit` is its full hash. */
  | {
      readonly kind: 'change';
      readonly commit: string;
      /** The default branch, with its head. */
      readonly base: { readonly branch: string; readonly commit: string };
    }
  | { readonly kind: 'no_change'; readonly repository: string; readonly branch: string }
  | { readonly kind: 'missing'; readonly repository: string }
  /** The token may not read the code, or the repository. */
  | { readonly kind: 'unreadable' };
