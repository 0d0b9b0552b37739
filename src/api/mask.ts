import type { CodedSentence } from '../issue/coded.ts';
import type { PlanView } from '../issue/plan.ts';
import type { BlockedIssue } from '../plans/plan-views.ts';
import { isInScope } from '../plans/scope.ts';
import type { Caller } from './roles.ts';

/** Name of an issue in a repository that the caller may not see. */
const elsewhere = 'an issue elsewhere';
/** The line to type would name it as it is called now, and the words may stand in its text alone. */
const hidden = { ref: elsewhere, evidence: '', removeWith: undefined };
const anyRef = /([\w.-]+\/[\w.-]+)#\d+/g;

/** Reasons that name a worker: how they begin for one, and what another one is told. */
const namingWorkers: Readonly<Record<string, readonly [(name: string) => string, string]>> = {
  claimed: [(name) => `${name} works on it as `, 'Another worker works on it.'],
  worker_blocked: [
    (name) => `${name}, working as `,
    'Another worker is stuck. Change the issue, or resume it.',
  ],
  issue_budget: [
    (name) => `${name}, working as `,
    'Another worker has used up the budget of the issue. Raise it, change the issue, or resume it.',
  ],
  rotations: [
    (name) => `${name}, working as `,
    'Another worker was not done after many sessions. Change the issue, or resume it.',
  ],
  failed_attempts: [
    (name) => ` attempts failed; of the last one, by ${name} as `,
    'Attempts failed, the last one of another worker. Change the issue, or resume it when the cause is gone.',
  ],
  awaiting_verification: [
    (name) => `${name} says that `,
    'Another worker says that it is complete: verify that and close the issue, or resume it.',
  ],
};

type Viewer = Pick<Caller, 'name' | 'role' | 'repositories'>;

/**
 * A plan without what only other repositories know: names, states and words of issues the caller may not see. A
 * worker is not told of the work of others.
 */
export function maskPlan<P extends PlanView>(plan: P, caller: Viewer): P {
  const { repositories: scope } = caller;
  const isSeen = ({ ref }: { readonly ref: string }) =>
    isInScope(scope, ref.split('#', 1)[0] ?? '');
  return {
    ...plan,
    reason: maskSentence(plan.reason, caller),
    warnings: plan.warnings.map((warning) => maskSentence(warning, caller)),
    blockedBy: plan.blockedBy.map((edge) =>
      isSeen(edge) ? edge : { ...edge, ...hidden, state: 'unknown' as const },
    ),
    blocks: plan.blocks.filter(isSeen),
    proposals: plan.proposals.filter(isSeen),
  };
}

/** A blocked issue of the queue, likewise. */
export function maskBlocked(issue: BlockedIssue, caller: Viewer): BlockedIssue {
  const isSeen = ({ ref }: { readonly ref: string }) =>
    isInScope(caller.repositories, ref.split('#', 1)[0] ?? '');
  return {
    ...issue,
    reason: maskSentence(issue.reason, caller),
    onlyClaude: issue.onlyClaude.map((edge) => (isSeen(edge) ? edge : { ...edge, ...hidden })),
  };
}

/** A sentence without the names of issues, and of workers, that the caller may not see. */
export function maskSentence(sentence: CodedSentence, caller: Viewer): CodedSentence {
  const { name, role, repositories: scope } = caller;
  const [ownWords, others] = namingWorkers[sentence.code] ?? [];
  const isOthers =
    role === 'worker' && ownWords !== undefined && !isAtStart(sentence, ownWords(name));
  if (isOthers && others !== undefined) return { ...sentence, text: others };
  const text = sentence.text.replace(anyRef, (ref, repository: string) =>
    isInScope(scope, repository) ? ref : elsewhere,
  );
  return { ...sentence, text };
}

/** The count that one of the sentences begins with does not matter. */
function isAtStart({ text }: CodedSentence, words: string): boolean {
  return text.replace(/^\d+(?= )/, '').startsWith(words);
}
