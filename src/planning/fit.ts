import type { IssueDifficulty } from '../issue/difficulty.ts';
import type { Estimate } from '../issue/estimate.ts';
import type { FitRule } from '../issue/fit-rules.ts';
import type { AgentProfile } from './agent-profiles.ts';

/** Size and difficulty that an agent must have room for and be trusted with. */
export interface Work {
  readonly difficulty: IssueDifficulty;
  readonly estimate: Pick<Estimate, 'likely' | 'high'>;
}

/** Tokens of context that an agent may use. */
export function usableTokens(profile: AgentProfile): number {
  return profile.contextLimit ?? profile.contextWindow;
}

/**
 * Maximum size of an issue by the 50 % rule: half of the context that the agent may use; exactly half passes.
 * The rest is for files that the agent reads in vain, and for its own words.
 */
export function maxTokens(profile: AgentProfile): number {
  return Math.floor(usableTokens(profile) / 2);
}

/** Every rule that the agent fails for this work, in the order in which they are checked; none: it fits. */
export function failingRules(profile: AgentProfile, { difficulty, estimate }: Work): FitRule[] {
  const { likely, high } = estimate;
  const failing: FitRule[] = [];
  const usable = usableTokens(profile);
  const max = maxTokens(profile);
  const room = profile.contextLimit === undefined ? 'window' : 'limit';
  if (!profile.enabled) failing.push({ code: 'not_enabled', params: {} });
  // Nothing speaks against an agent where nobody says how hard it is.
  if (difficulty !== 'unknown' && !profile.difficulties.includes(difficulty))
    failing.push({ code: 'difficulty_not_trusted', params: { difficulty } });
  if (usable < 2 * likely)
    failing.push({ code: 'window_too_small', params: { max, room, usable, likely } });
  const { harness = 0 } = profile;
  if (usable < high + harness)
    failing.push({ code: 'high_estimate_too_large', params: { room, usable, high, harness } });
  return failing;
}

/** True when room is among the things that the agent lacks. */
export function lacksRoom(failing: readonly FitRule[]): boolean {
  return failing.some(isAboutRoom);
}

/** True when room is all that the agent lacks, if it lacks anything. */
export function lacksNothingButRoom(failing: readonly FitRule[]): boolean {
  return failing.every(isAboutRoom);
}

function isAboutRoom({ code }: FitRule): boolean {
  return code === 'window_too_small' || code === 'high_estimate_too_large';
}

/** Turns of an agent on one issue: strong agents need between 34 and 47 in the median run. */
const turns = 40;
/** Price of a token read from the cache, as a share of the price of one that is not. */
const cachedShare = 0.1;
/**
 * Cost of a token of context, in tokens of input: once at the full price, and again from the cache with every
 * later turn, on average half of the turns.
 */
const inputWeight = 1 + (turns / 2) * cachedShare;
/** Share of the context that the agent writes itself: agents read far more than they write. */
const outputWeight = 0.2;

/**
 * Estimated price in US dollars of tokens that an agent processed, read from the cache or not, and written; in the
 * mixture that `expectedCost` assumes.
 */
export function priceOf(
  { inputPrice, outputPrice }: Pick<AgentProfile, 'inputPrice' | 'outputPrice'>,
  tokens: number,
): number {
  const processed = 1 + turns / 2 + outputWeight;
  const price = inputWeight * inputPrice + outputWeight * outputPrice;
  return ((tokens / 1_000_000) * price) / processed;
}

/** Expected cost of the work in US dollars. Only for comparing agents: runs differ by factors. */
export function expectedCost(profile: AgentProfile, { estimate }: Work): number {
  const { longPrompts } = profile;
  const long = longPrompts !== undefined && estimate.likely > longPrompts.above;
  const { inputPrice, outputPrice } = long ? longPrompts : profile;
  const millions = estimate.likely / 1_000_000;
  return millions * (inputWeight * inputPrice + outputWeight * outputPrice);
}
