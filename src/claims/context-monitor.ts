import { thousands } from '../lib/text.ts';
import { ConfigError } from '../errors.ts';
import type { AgentProfile } from '../planning/agent-profiles.ts';
import { contextActions, type ContextAction, type MonitorState } from './monitor-state.ts';
import type { CodedSentence } from '../issue/coded.ts';
import { maxContextTokens, UnusableReport, type ContextUsage } from './usage.ts';

/** Shares of the limit at which an agent must compact and rotate; the edge belongs to the band above. */
export interface Thresholds {
  readonly compactAt: number;
  readonly rotateAt: number;
}

export interface MonitorSettings extends Thresholds {
  /** Profile of the agent: its window is the default for a report without a limit, its limit caps every report. */
  readonly profile?: Pick<AgentProfile, 'contextWindow' | 'contextLimit'> | undefined;
}

export interface ContextReport extends ContextUsage {
  /** Epoch milliseconds. */
  readonly at: number;
}

/** Answer to one report. */
export interface ContextAnswer {
  readonly used: number;
  /** 100 % of the shares: the reported limit or the profile's window, at most the profile's limit. */
  readonly limit: number;
  /** Above 1 when more is used than fits; never NaN. */
  readonly ratio: number;
  /** Band of the usage. */
  readonly action: ContextAction;
  /** True once for each band entered: the time to act. */
  readonly crossed: boolean;
  readonly reason: CodedSentence;
  /** Set when the report contradicts itself: another window counts than the stated one. */
  readonly warning?: CodedSentence;
}

/** State before the first report. */
export const initialMonitorState: MonitorState = {
  announced: 'continue',
  announcedAt: null,
  lastReportAt: null,
  peak: 0,
  total: 0,
  understated: null,
  history: [],
};

/**
 * Share of an edge below which its band is armed again (0.72 and 0.855 for the edges 0.80 and 0.95). A
 * compaction frees 40 to 50 % and falls far below that. Usage also sways by a few per cent from turn to turn,
 * when old tool results are dropped; that does not reach it. It is a share and not a fixed distance, so that
 * low edges work too.
 */
const rearmShare = 0.9;
/**
 * Cooldown of `compact` after the last announcement. A compaction takes minutes, and an agent that is full
 * again sooner gains nothing by another one (58 in 24 minutes were seen elsewhere; this allows 5). A `compact`
 * held back is announced afterwards if it still applies. `rotate` has no cooldown: it ends the session.
 */
const compactCooldownMs = 300_000;
/** Upper bound of stored samples: about 5 KB of JSON a claim. Even, so that thinning keeps the first and the newest. */
const maxSamples = 48;

/**
 * Returns the action for a report and the state for the next report of the same agent. Pure.
 *
 * An edge crossed upwards is announced once (`crossed`); when usage jumps over both edges, only the upper one
 * is. An edge is announced again only after usage fell well below it. Usage above the limit is `rotate`.
 * Throws `UnusableReport` for figures that are not numbers of tokens and when no limit is known, and
 * `ConfigError` for invalid thresholds.
 */
export function observe(
  state: MonitorState,
  { at, ...usage }: ContextReport,
  settings: MonitorSettings,
): { readonly state: MonitorState; readonly answer: ContextAnswer } {
  checkThresholds(settings);
  const { used, limit, understated } = measure(usage, state.understated, settings.profile);
  const ratio = used / limit;
  const action = bandOf(ratio, settings);
  const announced = stillAnnounced(state.announced, ratio, settings);
  const heldBack = action === 'compact' && isCoolingDown(state.announcedAt, at);
  const crossed = urgency(action) > urgency(announced) && !heldBack;
  const reason = explain({ used, limit, ratio }, action, settings);
  const before = state.history.at(-1);
  return {
    answer: {
      ...{ used, limit, ratio, action, crossed, reason },
      ...(understated !== null && usage.limit !== undefined && usage.limit < limit
        ? { warning: understatedWindow(usage.limit, limit) }
        : {}),
    },
    state: {
      announced: crossed ? action : announced,
      announcedAt: crossed ? at : state.announcedAt,
      lastReportAt: at,
      peak: Math.max(state.peak, used),
      total: state.total + Math.max(used - (before?.used ?? 0), 0),
      understated,
      history:
        before?.used === used && before.limit === limit && !crossed
          ? state.history
          : thinned([...state.history, { at, used, limit, action, crossed }]),
    },
  };
}

/**
 * The state when a fresh session goes on: its window is empty, its bands are armed, and what the session before
 * stated is forgotten. Peak and total are of the whole claim.
 */
export function newSession(state: MonitorState, at: number): MonitorState {
  const { peak, total, history } = state;
  const last = history.at(-1);
  const empty = { at, used: 0, action: 'continue', crossed: false } as const;
  return {
    ...initialMonitorState,
    ...{ lastReportAt: at, peak, total },
    history: last === undefined ? [] : thinned([...history, { ...empty, limit: last.limit }]),
  };
}

/** The state when the agent is about to compact: its bands are armed again, but `compact` still has its cooldown. */
export function armBands(state: MonitorState): MonitorState {
  return { ...state, announced: 'continue' };
}

function checkThresholds({ compactAt, rotateAt }: Thresholds): void {
  // Written so that NaN is refused too.
  if (compactAt > 0 && compactAt <= rotateAt && rotateAt <= 1) return;
  throw new ConfigError(
    'thresholds_invalid',
    `compactAt (${compactAt}) must be above 0, rotateAt (${rotateAt}) not below it, and at most 1.`,
  );
}

type Understated = MonitorState['understated'];

/** More tokens than fit prove a stated window wrong: the larger of it and the window of the profile counts. */
function measure(
  { used, limit: reported, exceeds = 0, session: given }: ContextUsage,
  known: Understated,
  profile: MonitorSettings['profile'],
): { readonly used: number; readonly limit: number; readonly understated: Understated } {
  const session = given ?? null;
  const stated = reported ?? profile?.contextWindow;
  if (stated === undefined)
    throw new UnusableReport(
      'context_limit_missing',
      'The report has no contextLimit, and the window of the agent is not known.',
    );
  if (!isTokens(used, 0)) throw notTokens('used', used);
  if (!isTokens(stated, 1)) throw notTokens('limit', stated);
  const isDisproved = reported !== undefined && (used > reported || exceeds >= reported);
  const understated =
    isDisproved && reported > (known?.limit ?? 0) ? { limit: reported, session } : known;
  // Also later, when less is in it: the same session states the same wrong window.
  const isWrong = isDisproved || (understated?.session === session && stated <= understated.limit);
  const limit = isWrong ? Math.max(stated, profile?.contextWindow ?? stated) : stated;
  // `Math.max` turns -0 into 0.
  return {
    used: Math.max(used, 0),
    limit: Math.min(limit, profile?.contextLimit ?? limit),
    understated,
  };
}

function understatedWindow(stated: number, limit: number): CodedSentence {
  const text = `The report states a window of ${thousands(stated)} tokens, but more were in it: ${thousands(limit)}, the window of the agent's profile, counts.`;
  return { code: 'window_understated', text };
}

function isTokens(value: number, min: number): boolean {
  return Number.isInteger(value) && value >= min && value <= maxContextTokens;
}

function notTokens(name: string, value: number): UnusableReport {
  return new UnusableReport(
    'context_invalid',
    `The context ${name} is ${value}, which is no number of tokens that a window can hold.`,
  );
}

function bandOf(ratio: number, { compactAt, rotateAt }: Thresholds): ContextAction {
  if (ratio >= rotateAt) return 'rotate';
  return ratio >= compactAt ? 'compact' : 'continue';
}

/** Arms the bands whose edge is well above the usage. */
function stillAnnounced(
  announced: ContextAction,
  ratio: number,
  thresholds: Thresholds,
): ContextAction {
  if (ratio < rearmEdge(thresholds.compactAt)) return 'continue';
  const rotateArmed = announced === 'rotate' && ratio < rearmEdge(thresholds.rotateAt);
  return rotateArmed ? 'compact' : announced;
}

function rearmEdge(edge: number): number {
  return decimal(edge * rearmShare);
}

/** A clock that was set back does not make the cooldown longer. */
function isCoolingDown(announcedAt: number | null, at: number): boolean {
  if (announcedAt === null) return false;
  const elapsedMs = at - announcedAt;
  return elapsedMs >= 0 && elapsedMs < compactCooldownMs;
}

function urgency(action: ContextAction): number {
  return contextActions.indexOf(action);
}

/** Drops every second sample when there are more than `maxSamples`, so that the rest spans the whole claim. */
function thinned(history: MonitorState['history']): MonitorState['history'] {
  return history.length > maxSamples ? history.filter((_, index) => index % 2 === 0) : history;
}

function explain(
  { used, limit, ratio }: { used: number; limit: number; ratio: number },
  action: ContextAction,
  { compactAt, rotateAt, profile }: MonitorSettings,
): CodedSentence {
  const capped = limit === profile?.contextLimit;
  const whose = capped ? ' this agent may use' : '';
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

/** Truncated, not rounded: 79.99 % must not read as 80 %. */
function percent(ratio: number): string {
  const tenths = Math.floor(decimal(ratio * 1_000));
  return `${thousands(tenths / 10)} %`;
}

/** Decimal product: in binary 0.8 * 0.9 is 0.7200000000000001. */
function decimal(value: number): number {
  return Number(value.toPrecision(12));
}
