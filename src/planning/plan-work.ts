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
  const warnings = [
    ...reading.warnings,
    ...compareTotals(reading, estimate),
    ...labelDisagrees(reading, labels),
    ...complexityDisagrees(reading),
  ];
  const assignment = assignAgent(reading, estimate, profiles, labels);
  return { reading: { ...reading, warnings }, estimate, assignment };
}

/** The reader warns where the text declares total and factors; this warns where Claude added factors. */
function compareTotals({ estimatedContext, warnings }: Reading, { formula }: Estimate): Warning[] {
  const { source, value } = estimatedContext;
  if (source !== 'declared' || formula === null) return [];
  const warned = warnings.some(({ code }) => code === 'declared_total_differs');
  return [...(warned ? [] : totalDiffers(value, formula)), ...totalLow(value, formula)];
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
  if (difficulty.source === 'default' || complexity === null) return [];
  const apart = levels.indexOf(complexity) - levels.indexOf(difficulty.value);
  if (Math.abs(apart) < 2) return [];
  const params = { complexity, with: 'difficulty', other: difficulty.value } as const;
  return [{ code: 'complexity_disagrees', params }];
}
