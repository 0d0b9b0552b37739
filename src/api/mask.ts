import type { CodedSentence } from '../issue/coded.ts';
import type { PlanView } from '../issue/plan.ts';
import { isInScope, type Scope } from '../plans/scope.ts';

/** Name of an issue in a repository that the caller may not see. */
const elsewhere = 'an issue elsewhere';
const anyRef = /([\w.-]+\/[\w.-]+)#\d+/g;

/**
 * A plan without what only other repositories know: the names and states of issues the caller may not see. What
 * the text of the issue itself says stays, since the caller may read it.
 */
export function maskPlan<P extends PlanView>(plan: P, scope: Scope): P {
  if (scope === undefined) return plan;
  const isSeen = ({ ref }: { readonly ref: string }) =>
    isInScope(scope, ref.split('#', 1)[0] ?? '');
  return {
    ...plan,
    reason: maskSentence(plan.reason, scope),
    warnings: plan.warnings.map((warning) => maskSentence(warning, scope)),
    blockedBy: plan.blockedBy.map((edge) =>
      isSeen(edge) ? edge : { ...edge, ref: elsewhere, state: 'unknown' as const },
    ),
    blocks: plan.blocks.filter(isSeen),
  };
}

/** A sentence without the names of issues that the caller may not see. */
export function maskSentence(sentence: CodedSentence, scope: Scope): CodedSentence {
  const text = sentence.text.replace(anyRef, (ref, repository: string) =>
    isInScope(scope, repository) ? ref : elsewhere,
  );
  return { ...sentence, text };
}
