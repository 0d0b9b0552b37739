import { difficultyOfLabel, type Difficulty } from '../issue/difficulty.ts';
import { totalDiffers, totalLow, type Estimate } from '../issue/estimate.ts';
import { levels } from '../issue/factors.ts';
import type { Reading } from '../issue/reading.ts';
import type { Warning } from '../issue/warnings.ts';
import type { AgentProfile } from './agent-profiles.ts';
import { assignAgent, type Assignment } from './assign-agent.ts';
import { estimateContext } from './estimate.ts';

/** Reading, estimate and agent of one issue. */
export interface PlannedWork {
  readonly reading: Reading;
  readonly estimate: Estimate;
  readonly assignment: Assignment;
}

interface WorkInput {
  readonly reading: Reading;
  readonly profiles: readonly AgentProfile[];
  readonly labels?: readonly string[];
  /** Tokens used by finished issues of the same repository and difficulty. */
  readonly history?: readonly number[];
}

/**
 * Estimates the size, chooses the agent, and adds disagreements to the reading's warnings. Where the text
 * declares no difficulty, a label that names one counts.
 */
export function planWork({
  reading: read,
  profiles,
  labels = [],
  history = [],
}: WorkInput): PlannedWork {
  const reading = { ...read, difficulty: difficultyThatCounts(read, labels) };
  const estimate = estimateContext(reading, history);
  const choose = (sized: Estimate) => assignAgent(reading, sized, profiles, labels);
  const assignment = choose(estimate);
  const warnings = [
    ...reading.warnings,
    ...totalMatters(reading, estimate, (sized) => choose(sized).agent === assignment.agent),
    ...labelDisagrees(reading, labels),
    ...complexityDisagrees(reading),
  ];
  return { reading: { ...reading, warnings }, estimate, assignment };
}

/** A total beside which the formula gives another figure matters where the agent follows from it. */
function totalMatters(
  { estimatedContext: { source, value }, factors }: Reading,
  { formula }: Estimate,
  isSameChoice: (estimate: Estimate) => boolean,
): Warning[] {
  if (source !== 'declared' || formula === null) return [];
  const warnings = [...totalDiffers(value, formula), ...totalLow(value, formula)];
  if (warnings.length === 0) return [];
  const estimatedContext = { value: formula, source: 'formula', evidence: null } as const;
  return isSameChoice(estimateContext({ estimatedContext, factors })) ? [] : warnings;
}

/** The text's own difficulty counts; else one that the labels agree on; else the difficulty as read. */
export function difficultyThatCounts(
  { difficulty }: Pick<Reading, 'difficulty'>,
  labels: readonly string[],
): Reading['difficulty'] {
  const [value, ...others] = wordsOf(labels);
  if (difficulty.source === 'declared' || value === undefined || others.length > 0)
    return difficulty;
  const evidence = labels.find((label) => difficultyOfLabel(label) === value) ?? null;
  return { value, source: 'gitea', evidence };
}

function wordsOf(labels: readonly string[]): Difficulty[] {
  const words = labels.map(difficultyOfLabel).filter((word) => word !== undefined);
  return [...new Set(words)];
}

function labelDisagrees({ difficulty }: Reading, labels: readonly string[]): Warning[] {
  const words = wordsOf(labels);
  if (words.every((word) => word === difficulty.value)) return [];
  const params = {
    labels: words,
    difficulty: difficulty.value,
    textCounts: difficulty.source === 'declared',
  };
  return [{ code: 'difficulty_label_disagrees', params }];
}

/** One step apart is common; low beside high means that one of the two words is a mistake. */
function complexityDisagrees({ difficulty, factors }: Reading): Warning[] {
  const { complexity } = factors;
  const { value: word } = difficulty;
  if (word === 'unknown' || complexity === null) return [];
  const apart = levels.indexOf(complexity) - levels.indexOf(word);
  if (Math.abs(apart) < 2) return [];
  const params = { complexity, with: 'difficulty', other: word } as const;
  return [{ code: 'complexity_disagrees', params }];
}
