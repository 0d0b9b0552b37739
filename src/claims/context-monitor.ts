import { thousands } from '../lib/text.ts';
import { ConfigError } from '../errors.ts';
import type { AgentProfile } from '../planning/agent-profiles.ts';
import { contextActions, type ContextAction, type MonitorState } from './context-usage.ts';
import type { Reason } from '../issue/state.ts';
import { mostContextTokens, UnusableReport, type ContextUsage } from './usage.ts';

/** Shares of the limit from which on an agent shall compact, and rotate; the edge belongs to the band above. */
export interface Thresholds {
  readonly compactAt: number;
  readonly rotateAt: number;
}

export interface MonitorSettings extends Thresholds {
  /** The agent's: its window counts when a report names no limit, its limit caps whatever is reported. */
  readonly profile?: Pick<AgentProfile, 'contextWindow' | 'contextLimit'> | undefined;
}

export interface ContextReport extends ContextUsage {
  /** Epoch milliseconds. */
  readonly at: number;
}

/** The answer to one report. */
export interface ContextAnswer {
  readonly used: number;
  /** What the shares are of: the reported limit or the profile's window, at most the profile's limit. */
  readonly limit: number;
  /** Above 1 when more is used than there is room for; never NaN. */
  readonly ratio: number;
  /** The band the usage is in. */
  readonly action: ContextAction;
  /** True in the one answer in which the band was newly entered: the time to act. */
  readonly crossed: boolean;
  readonly reason: Reason;
}

/** Nothing reported, nothing told. */
export const initialMonitorState: MonitorState = {
  told: 'continue',
  toldAt: null,
  lastReportAt: null,
  peak: 0,
  total: 0,
  history: [],
};

/**
 * A band is armed again when usage falls a tenth below its edge (0.72 and 0.855 for 0.80 and 0.95). A
 * compaction frees 40 to 50 % and falls far below that, while the few per cent by which usage sways from turn
 * to turn, as old tool results are dropped, do not reach it. A share of the edge, not a fixed distance, so
 * that low edges work too.
 */
const rearmShare = 0.9;
/**
 * No second `compact` within 5 minutes of the last thing told: a compaction takes minutes, and an agent that
 * is full again sooner gains nothing by another one (58 in 24 minutes were seen elsewhere; this allows 5).
 * What is held back is told afterwards if it still holds. `rotate` never waits: it ends the claim.
 */
const compactCooldownMs = 300_000;
/** Samples kept. Even, so that thinning keeps the first and the newest. About 5 KB of JSON a claim. */
const mostSamples = 48;
/**
 * What an agent whose context is this full shall do, and the state to keep for its next report. Pure.
 *
 * Each edge crossed upwards is told once (`crossed`), the upper one alone when both are jumped over; it is
 * told again only after usage fell well below it. Usage above the limit is `rotate`. Throws
 * `UnusableReport` for figures that are no number of tokens, or when no limit is known at all, and
 * `ConfigError` for thresholds that are none.
 */
export function observe(
  state: MonitorState,
  { at, ...usage }: ContextReport,
  settings: MonitorSettings,
): { readonly state: MonitorState; readonly answer: ContextAnswer } {
  checkThresholds(settings);
  const { used, limit } = measure(usage, settings.profile);
  const ratio = used / limit;
  const action = bandOf(ratio, settings);
  const told = stillTold(state.told, ratio, settings);
  const held = action === 'compact' && isCooling(state.toldAt, at);
  const crossed = urgency(action) > urgency(told) && !held;
  const reason = explain({ used, limit, ratio }, action, settings);
  const before = state.history.at(-1);
  return {
    answer: { used, limit, ratio, action, crossed, reason },
    state: {
      told: crossed ? action : told,
      toldAt: crossed ? at : state.toldAt,
      lastReportAt: at,
      peak: Math.max(state.peak, used),
      total: state.total + Math.max(used - (before?.used ?? 0), 0),
      history:
        before?.used === used && before.limit === limit && !crossed
          ? state.history
          : thinned([...state.history, { at, used, limit, action, crossed }]),
    },
  };
}

/** A monitor of one agent that keeps its own state: `observe(usage)` gives the answer. */
export function createContextMonitor(options: {
  readonly settings: MonitorSettings;
  readonly now: () => number;
  readonly state?: MonitorState | undefined;
}) {
  checkThresholds(options.settings);
  let state = options.state ?? initialMonitorState;
  return {
    observe: (usage: ContextUsage): ContextAnswer => {
      const observed = observe(state, { ...usage, at: options.now() }, options.settings);
      state = observed.state;
      return observed.answer;
    },
    state: () => state,
  };
}

function checkThresholds({ compactAt, rotateAt }: Thresholds): void {
  // So written that NaN is refused too.
  if (compactAt > 0 && compactAt <= rotateAt && rotateAt <= 1) return;
  throw new ConfigError(
    'thresholds_invalid',
    `compactAt (${compactAt}) must be above 0, rotateAt (${rotateAt}) not below it, and at most 1.`,
  );
}

function measure(
  { used, limit: reported }: ContextUsage,
  profile: MonitorSettings['profile'],
): { readonly used: number; readonly limit: number } {
  const limit = reported ?? profile?.contextWindow;
  if (limit === undefined)
    throw new UnusableReport(
      'context_limit_missing',
      'The report names no contextLimit, and the window of the agent is not known.',
    );
  if (!isTokens(used, 0)) throw noTokens('used', used);
  if (!isTokens(limit, 1)) throw noTokens('limit', limit);
  // Less a sign that a zero may have.
  return { used: Math.max(used, 0), limit: Math.min(limit, profile?.contextLimit ?? limit) };
}

function isTokens(value: number, least: number): boolean {
  return Number.isInteger(value) && value >= least && value <= mostContextTokens;
}

function noTokens(name: string, value: number): UnusableReport {
  return new UnusableReport(
    'context_invalid',
    `The context ${name} is ${value}, which is no number of tokens that a window can hold.`,
  );
}

function bandOf(ratio: number, { compactAt, rotateAt }: Thresholds): ContextAction {
  if (ratio >= rotateAt) return 'rotate';
  return ratio >= compactAt ? 'compact' : 'continue';
}

/** Usage that fell arms the bands it left well below. */
function stillTold(told: ContextAction, ratio: number, thresholds: Thresholds): ContextAction {
  if (ratio < rearmEdge(thresholds.compactAt)) return 'continue';
  return told === 'rotate' && ratio < rearmEdge(thresholds.rotateAt) ? 'compact' : told;
}

function rearmEdge(edge: number): number {
  return decimal(edge * rearmShare);
}

/** A clock that was set back does not make the cooldown longer. */
function isCooling(toldAt: number | null, at: number): boolean {
  if (toldAt === null) return false;
  const elapsedMs = at - toldAt;
  return elapsedMs >= 0 && elapsedMs < compactCooldownMs;
}

function urgency(action: ContextAction): number {
  return contextActions.indexOf(action);
}

/** At most `mostSamples`: every second one goes when they are too many, so that the rest spans the whole claim. */
function thinned(history: MonitorState['history']): MonitorState['history'] {
  return history.length > mostSamples ? history.filter((_, index) => index % 2 === 0) : history;
}

function explain(
  { used, limit, ratio }: { used: number; limit: number; ratio: number },
  action: ContextAction,
  { compactAt, rotateAt, profile }: MonitorSettings,
): Reason {
  const capped = limit === profile?.contextLimit;
  const whose = capped ? ' this agent shall use at the most' : '';
  const share = `${thousands(used)} of ${thousands(limit)} tokens${whose} (${percent(ratio)})`;
  if (ratio > 1) {
    const hint = capped ? '' : '; a sum over turns is not the context';
    return { code: 'over_limit', text: `${share} are in the context: rotate${hint}.` };
  }
  const text = {
    continue: `${share} are in the context; compact comes at ${percent(compactAt)}.`,
    compact: `${share} are in the context: compact from ${percent(compactAt)}, rotate from ${percent(rotateAt)}.`,
    rotate: `${share} are in the context: rotate from ${percent(rotateAt)}.`,
  }[action];
  const code = { continue: 'below_compact', compact: 'compact_at', rotate: 'rotate_at' }[action];
  return { code, text };
}

/** Cut, not rounded: 79.99 % must not read as 80 %. */
function percent(ratio: number): string {
  const tenths = Math.floor(decimal(ratio * 1_000));
  return `${thousands(tenths / 10)} %`;
}

/** The product people mean: 0.8 * 0.9 is 0.7200000000000001 to a machine. */
function decimal(value: number): number {
  return Number(value.toPrecision(12));
}
