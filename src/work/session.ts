import type { Sandbox } from '../gates/process/sandbox.ts';
import type { Logger } from '../log.ts';
import type { Adapter, AgentEnd, AgentStart, Spent } from './adapters/adapter.ts';
import { addSpent, type AgentProgress } from './agent-progress.ts';
import type { AgentRunRequest, runAgent, RunningAgent } from './agent-run.ts';
import { handoffRequest } from './prompt.ts';

/** Share of the window from which a fresh session goes on. */
const windowShare = 0.95;
/** Distance to the agent's own compaction: its share of the window, and its maximum in tokens. */
const compactionShare = 0.03;
const compactionTokens = 15_000;
/** Time for a handoff. */
const handoffMs = 180_000;

/** Why the runner ended a session. */
export type StopCause = 'stopped' | 'lost' | 'minutes' | 'tokens' | 'cost';

export interface SessionEnd {
  readonly end: AgentEnd;
  readonly cause: 'ended' | 'rotated' | StopCause;
  /** What the agent left for the next session, when it was asked. */
  readonly handoff: string | undefined;
}

export interface SessionRequest {
  readonly adapter: Adapter;
  readonly runAgent: typeof runAgent;
  readonly start: AgentStart;
  readonly run: Pick<AgentRunRequest, 'environment' | 'inherited' | 'readOnly' | 'limitedUntil'>;
  readonly sandbox: Sandbox;
  /** A fresh marker for each process, noted before it starts. */
  readonly mark: () => Promise<string>;
  readonly onProgress: (progress: AgentProgress) => void;
  /** Calls its argument when the coordinator wants a fresh session. */
  readonly onRotate: (rotate: () => void) => void;
  /** Aborts with a `StopCause` as its reason. */
  readonly stop: AbortSignal;
  readonly stopCause: () => StopCause | undefined;
  readonly log: Logger;
  readonly handoffMs?: number;
}

/** The fill level from which a fresh session goes on, and what decides it. */
export function rotationEdge({ window, compactsAt }: Pick<AgentProgress, 'window' | 'compactsAt'>) {
  if (window === undefined) return undefined;
  const share = { tokens: windowShare * window, edge: 'window' } as const;
  if (compactsAt === undefined) return share;
  const distance = Math.min(compactionShare * window, compactionTokens);
  const own = { tokens: compactsAt - distance, edge: 'own compaction' } as const;
  return own.tokens < share.tokens ? own : share;
}

/**
 * Runs an agent until it ends, is stopped, or has handed over because its context is nearly full. An agent that hears is
 * asked while it works; another one is stopped, and asked in a last run.
 */
export async function runSession(request: SessionRequest): Promise<SessionEnd> {
  const { adapter, stop, log } = request;
  const run: {
    agent?: RunningAgent;
    timer?: NodeJS.Timeout;
    rotates: boolean;
    isAsked: boolean;
    spent: Spent;
  } = { rotates: false, isAsked: false, spent: { tokens: 0 } };

  function rotate(edge: string, progress?: AgentProgress): void {
    const { agent } = run;
    if (run.rotates || agent === undefined || !adapter.can.liveContext) return;
    run.rotates = true;
    const { used, window } = progress ?? {};
    log.info({ edge, used, window }, 'the context is nearly full: a fresh session will go on');
    run.isAsked = agent.say(handoffRequest);
    if (run.isAsked)
      run.timer = setTimeout(() => void agent.stop(), request.handoffMs ?? handoffMs);
    else void agent.stop();
  }

  request.onRotate(() => rotate('coordinator'));
  const agent = await startAgent(request, request.start, (progress) => {
    run.spent = progress.spent;
    request.onProgress(progress);
    const edge = rotationEdge(progress);
    if (edge !== undefined && progress.used !== undefined && progress.used >= edge.tokens)
      rotate(edge.edge, progress);
    // What was said to it before is still heard.
    if (progress.turnEnded) run.agent?.closeInput();
  });
  run.agent = agent;
  const halt = () => void agent.stop();
  stop.addEventListener('abort', halt, { once: true });
  if (stop.aborted) halt();
  try {
    const end = await agent.ended;
    const cause = request.stopCause() ?? (run.rotates ? 'rotated' : 'ended');
    if (cause !== 'rotated') return { end, cause, handoff: undefined };
    if (run.isAsked) return { end, cause, handoff: usable(end) };
    return { end, cause, handoff: await askAfterwards(request, end.session, run.spent) };
  } finally {
    clearTimeout(run.timer);
    stop.removeEventListener('abort', halt);
  }
}

async function startAgent(
  { adapter, run, sandbox, mark, log, ...request }: SessionRequest,
  start: AgentStart,
  onProgress: (progress: AgentProgress) => void,
): Promise<RunningAgent> {
  const marker = await mark();
  return request.runAgent({
    ...{ adapter, start, marker, sandbox, onProgress, log },
    ...run,
    writable: [],
  });
}

/** The handoff of an agent that has ended, from a last run that goes on with its session. */
async function askAfterwards(
  request: SessionRequest,
  session: string | undefined,
  before: Spent,
): Promise<string | undefined> {
  if (session === undefined || !request.adapter.can.resumes) return undefined;
  const start = { ...request.start, prompt: handoffRequest, session, resume: true };
  const agent = await startAgent(request, start, (progress) => {
    request.onProgress({ ...progress, spent: addSpent(before, progress.spent) });
    if (progress.turnEnded) agent.closeInput();
  });
  const timer = setTimeout(() => void agent.stop(), request.handoffMs ?? handoffMs);
  const halt = () => void agent.stop();
  request.stop.addEventListener('abort', halt, { once: true });
  if (request.stop.aborted) halt();
  try {
    return usable(await agent.ended);
  } finally {
    clearTimeout(timer);
    request.stop.removeEventListener('abort', halt);
  }
}

function usable({ outcome, text }: AgentEnd): string | undefined {
  return outcome === 'completed' && text.trim() !== '' ? text : undefined;
}
