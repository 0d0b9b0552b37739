import type { Reading } from '../../../issue/reading.ts';
import { tokens } from '../../parts/amounts.ts';
import type { Quote } from './mark-text.ts';

/** The words of the text that gave a value of the plan. What a label on Gitea gave is in no text. */
export function valueQuotes(reading: Reading): readonly Quote[] {
  const { estimatedContext, difficulty, assignedAgent, factors, factorEvidence } = reading;
  const values = [
    [`size ${tokens(estimatedContext.value)}`, estimatedContext],
    [`difficulty ${difficulty.value}`, difficulty],
    [`agent ${assignedAgent.value ?? 'none'}`, assignedAgent],
  ] as const;
  const parts = [
    [`files ${factors.files ?? ''}`, factorEvidence.files],
    [`complexity ${factors.complexity ?? ''}`, factorEvidence.complexity],
    [`tests ${factors.tests ?? ''}`, factorEvidence.tests],
    [`documentation ${factors.docs ?? ''}`, factorEvidence.docs],
  ] as const;
  return [
    ...values.flatMap(([gives, { source, evidence: words }]) =>
      words === null || source === 'gitea' ? [] : [{ words, gives }],
    ),
    ...parts.flatMap(([gives, words]) => (words === undefined ? [] : [{ words, gives }])),
  ];
}
