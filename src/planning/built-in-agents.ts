import type { AgentProfile, Agents } from './agent-profiles.ts';

/**
 * Tokens of context before an agent reads the first file: its instructions and tools. 15,000 to 25,000 were seen in
 * public runs.
 */
const harness = 20_000;

/**
 * Limits and prices as published in November 2026. glm and minimax are self-hosted: off, so that nobody
 * is given an agent that nobody runs.
 */
export const builtInAgents: readonly AgentProfile[] = [
  {
    name: 'opus',
    model: 'claude-opus-5-5',
    contextWindow: 1_000_000,
    harness,
    inputPrice: 4,
    outputPrice: 20,
    difficulties: ['low', 'medium', 'high'],
    concurrency: 4,
    account: 'anthropic',
    enabled: true,
  },
  {
    name: 'sonnet',
    model: 'claude-sonnet-5-5',
    contextWindow: 1_000_000,
    harness,
    inputPrice: 2,
    outputPrice: 10,
    difficulties: ['low', 'medium'],
    concurrency: 4,
    account: 'anthropic',
    enabled: true,
  },
  {
    name: 'haiku',
    model: 'claude-haiku-5-5',
    contextWindow: 1_000_000,
    harness,
    inputPrice: 0.1,
    outputPrice: 0.5,
    longPrompts: { above: 100_000, inputPrice: 0.5, outputPrice: 2.5 },
    difficulties: ['low'],
    concurrency: 4,
    account: 'anthropic',
    enabled: true,
  },
  {
    name: 'glm',
    contextWindow: 128_000,
    harness,
    inputPrice: 0,
    outputPrice: 0,
    difficulties: ['low', 'medium'],
    concurrency: 1,
    enabled: false,
  },
  {
    name: 'minimax',
    contextWindow: 128_000,
    harness,
    inputPrice: 0,
    outputPrice: 0,
    difficulties: ['low'],
    concurrency: 1,
    enabled: false,
  },
];

/** The built-in profiles, with the month their limits and prices are from. */
export const builtIn: Agents = { asOf: '2026-11', agents: builtInAgents };
