import type { Estimate } from '../issue/estimate.ts';
import { thousands } from '../lib/text.ts';
import type { AgentProfile } from './agent-profiles.ts';
import type { Difficulty } from '../issue/reading.ts';
import type { Reason } from '../issue/state.ts';

/** What an agent must have room for and be trusted with. */
export interface Work {
  readonly difficulty: Difficulty;
  readonly estimate: Pick<Estimate, 'likely' | 'high'>;
}

/** A rule that an agent fails; `text` goes on after its name, `change` is the least that would mend it. */
export interface Failing extends Reason {
  readonly change: string;
}

/** Tokens of context an agent may use. */
export function usableTokens(profile: AgentProfile): number {
  return profile.contextLimit ?? profile.contextWindow;
}

/**
 * The 50 % rule: an issue fills half of what an agent may use at the most, exactly half passes. The rest
 * is for what an agent reads in vain, and for its own words.
 */
export function mostTokens(profile: AgentProfile): number {
  return Math.floor(usableTokens(profile) / 2);
}

/** Every rule the agent fails for this work, in the order they are looked at; none: it fits. */
export function failingRules(profile: AgentProfile, { difficulty, estimate }: Work): Failing[] {
  const failing: Failing[] = [];
  const usable = usableTokens(profile);
  const called = profile.contextLimit === undefined ? 'window' : 'limit';
  if (!profile.enabled)
    failing.push({ code: 'not_enabled', text: 'is not enabled', change: 'enable it' });
  if (!profile.difficulties.includes(difficulty))
    failing.push({
      code: 'difficulty_not_trusted',
      text: `is not trusted with ${difficulty} difficulty`,
      change: `trust it with ${difficulty} difficulty`,
    });
  if (usable < 2 * estimate.likely)
    failing.push({
      code: 'window_too_small',
      text: `takes ${thousands(mostTokens(profile))} tokens at most (half of its ${called} of ${thousands(usable)}) and the issue needs ${thousands(estimate.likely)}`,
      change: `bring the issue to at most ${thousands(mostTokens(profile))} tokens`,
    });
  if (usable < estimate.high)
    failing.push({
      code: 'high_estimate_too_large',
      text: `has a ${called} of ${thousands(usable)} tokens and the high estimate is ${thousands(estimate.high)}`,
      change: `bring the high estimate to at most ${thousands(usable)} tokens`,
    });
  return failing;
}

/** True when room is among what is missing. */
export function lacksRoom(failing: readonly Failing[]): boolean {
  return failing.some(({ code }) => code.startsWith('window') || code.startsWith('high'));
}

/** Turns of an agent on one issue: between 34 and 47 in the median run of strong agents. */
const turns = 40;
/** Price of a token read from the cache, against one that is not. */
const cachedShare = 0.1;
/**
 * What a token of context costs in tokens of input: once as it is, and again with every later turn, for
 * half of the turns on average, from the cache.
 */
const inputWeight = 1 + (turns / 2) * cachedShare;
/** Share of the context that the agent wrote itself: reading outweighs writing by far. */
const outputWeight = 0.2;

/** What the work is expected to cost, in US dollars. For comparing agents: runs differ by factors. */
export function expectedCost(profile: AgentProfile, { estimate }: Work): number {
  const { longPrompts } = profile;
  const long = longPrompts !== undefined && estimate.likely > longPrompts.above;
  const { inputPrice, outputPrice } = long ? longPrompts : profile;
  const millions = estimate.likely / 1_000_000;
  return millions * (inputWeight * inputPrice + outputWeight * outputPrice);
}
