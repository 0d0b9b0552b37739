import type { Estimate } from './estimate.ts';
import type { Difficulty, Reading, Warning } from './reading.ts';

/** An agent that issues can be given to. Prices in US dollars per million tokens. */
export interface AgentProfile {
  readonly name: string;
  readonly contextWindow: number;
  readonly inputPrice: number;
  readonly outputPrice: number;
  readonly difficulties: readonly Difficulty[];
  readonly enabled: boolean;
}

/**
 * Limits and prices as published in November 2026. glm and minimax are self-hosted: off, so that nobody
 * is given an agent that nobody runs.
 */
export const builtInAgents: readonly AgentProfile[] = [
  {
    name: 'opus',
    contextWindow: 1_000_000,
    inputPrice: 4,
    outputPrice: 20,
    difficulties: ['low', 'medium', 'high'],
    enabled: true,
  },
  {
    name: 'sonnet',
    contextWindow: 1_000_000,
    inputPrice: 2,
    outputPrice: 10,
    difficulties: ['low', 'medium'],
    enabled: true,
  },
  {
    name: 'haiku',
    contextWindow: 1_000_000,
    inputPrice: 0.1,
    outputPrice: 0.5,
    difficulties: ['low'],
    enabled: true,
  },
  {
    name: 'glm',
    contextWindow: 128_000,
    inputPrice: 0,
    outputPrice: 0,
    difficulties: ['low', 'medium'],
    enabled: false,
  },
  {
    name: 'minimax',
    contextWindow: 128_000,
    inputPrice: 0,
    outputPrice: 0,
    difficulties: ['low'],
    enabled: false,
  },
];

/** The agent chosen and why, or why none fits. */
export interface Assignment {
  readonly agent: string | null;
  readonly reason: { readonly code: string; readonly text: string };
  readonly warnings: readonly Warning[];
}

/**
 * The 50 % rule: an issue may fill half of an agent's window at the most (exactly half passes), and its
 * high estimate must fit. Among the agents trusted with the difficulty the cheapest by input price wins,
 * ties by profile order; an agent the text names wins if it fits.
 */
export function assignAgent(
  reading: Reading,
  estimate: Estimate,
  profiles: readonly AgentProfile[],
): Assignment {
  const fitting = profiles.filter(
    (profile) => refusal(profile, reading.difficulty.value, estimate) === undefined,
  );
  const wanted = reading.assignedAgent.value;
  const declared = fitting.find((profile) => profile.name === wanted);
  if (declared !== undefined) {
    const text = `The text recommends ${declared.name}, and it fits.`;
    return { agent: declared.name, reason: { code: 'declared_agent', text }, warnings: [] };
  }
  const named = profiles.find((profile) => profile.name === wanted);
  const warnings = named === undefined ? [] : [agentRefused(named, reading, estimate)];
  const cheapest = [...fitting].sort((a, b) => a.inputPrice - b.inputPrice)[0];
  if (cheapest === undefined) {
    const reason = { code: 'no_agent_fits', text: noAgentFits(reading, estimate) };
    return { agent: null, reason, warnings };
  }
  const text = `${cheapest.name} is the cheapest agent that fits ${reading.difficulty.value} difficulty and ${estimate.likely.toLocaleString('en-US')} tokens.`;
  return { agent: cheapest.name, reason: { code: 'cheapest_fit', text }, warnings };
}

function refusal(
  profile: AgentProfile,
  difficulty: Difficulty,
  estimate: Estimate,
): string | undefined {
  if (!profile.enabled) return 'it is not enabled';
  if (!profile.difficulties.includes(difficulty))
    return `it is not trusted with ${difficulty} difficulty`;
  const window = profile.contextWindow.toLocaleString('en-US');
  if (profile.contextWindow < 2 * estimate.likely)
    return `${estimate.likely.toLocaleString('en-US')} tokens are more than half of its window of ${window}`;
  if (profile.contextWindow < estimate.high)
    return `the high estimate of ${estimate.high.toLocaleString('en-US')} tokens exceeds its window of ${window}`;
  return undefined;
}

function agentRefused(profile: AgentProfile, reading: Reading, estimate: Estimate): Warning {
  const why = refusal(profile, reading.difficulty.value, estimate) ?? 'it does not fit';
  return {
    code: 'declared_agent_refused',
    text: `The text recommends ${profile.name}, but ${why}.`,
  };
}

function noAgentFits(reading: Reading, estimate: Estimate): string {
  const tokens = estimate.likely.toLocaleString('en-US');
  return `No enabled agent takes ${tokens} tokens at ${reading.difficulty.value} difficulty: split the issue.`;
}
