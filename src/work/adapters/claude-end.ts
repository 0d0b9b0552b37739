import { type AgentEnd, type AgentExit, type AgentOutcome, wordsLimit } from './adapter.ts';
import type { ClaudeResult } from './claude-events.ts';
import { stoppedEnd, startProblemEnd } from './common-ends.ts';
import { oneLine } from '../../lib/text.ts';

/** What the stream of one process told, beside figures. */
export interface ClaudeFacts {
  session?: string;
  /** True once a session was opened. */
  began: boolean;
  result?: ClaudeResult;
  /** Of the newest message that stands for an error of the API. */
  apiError?: string;
  /** When the allowance comes back. Milliseconds since 1970. */
  resetsAt?: number;
  lastWords?: string;
  readonly denied: Set<string>;
}

type Verdict = Pick<AgentEnd, 'outcome' | 'message' | 'limitedUntil'>;

/**
 * How a process of Claude Code ended. Exit code 0 says little, and `subtype` nothing: `success` stands on an API error,
 * too. Only exit 0 with `is_error` false and `terminal_reason` completed is a success, and then the commit has to prove it.
 */
export function judgeClaude(exit: AgentExit, facts: ClaudeFacts): AgentEnd {
  const { result, session, lastWords } = facts;
  const text = [result?.result, lastWords].find((words) => words !== undefined && words !== '');
  const verdict =
    startProblemEnd(exit) ??
    stoppedEnd(exit) ??
    (result === undefined ? withoutResult(exit, facts) : withResult(exit, result, facts));
  return { ...verdict, session, text: (text ?? '').slice(0, wordsLimit).toWellFormed() };
}

/** SIGTERM, SIGKILL and faults of the start write no result; nor does, mostly, SIGINT while the model is awaited, with exit code 0. */
function withoutResult({ code, stderr }: AgentExit, { began }: ClaudeFacts): Verdict {
  if (code === 0)
    return { outcome: 'interrupted', message: 'Claude Code was interrupted before it answered.' };
  const words = oneLine(stderr, 300);
  return !began
    ? {
        outcome: 'setup_fault',
        message: `Claude Code did not start: ${words || `exit code ${code ?? 'none'}`}.`,
      }
    : {
        outcome: 'crashed',
        message: `Claude Code ended without a result, exit code ${code ?? 'none'}. ${words}`.trim(),
      };
}

function withResult({ code }: AgentExit, result: ClaudeResult, facts: ClaudeFacts): Verdict {
  const reason = result.terminal_reason ?? '';
  const words = oneLine(result.result || result.errors.join(' '), 300);
  if (reason === 'api_error') return apiError(result, facts, words);
  const known = reasons[reason];
  if (known !== undefined) return { outcome: known[0], message: known[1] };
  if (result.is_error && reason === '' && !facts.began)
    return { outcome: 'setup_fault', message: `Claude Code could not begin: ${words}.` };
  if (result.is_error || reason !== 'completed' || code !== 0)
    return {
      outcome: 'crashed',
      message:
        `Claude Code ended with ${reason || 'no reason'}, exit code ${code ?? 'none'}. ${words}`.trim(),
    };
  if (facts.denied.size === 0)
    return { outcome: 'completed', message: 'Claude Code says that it is done.' };
  const tools = oneLine([...facts.denied].join(', '), 200);
  return { outcome: 'permission_denied', message: `Claude Code was denied the use of ${tools}.` };
}

/** By `terminal_reason`. */
const reasons: Readonly<Partial<Record<string, readonly [AgentOutcome, string]>>> = {
  hook_stopped: ['interrupted', 'A hook stopped Claude Code.'],
  aborted_tools: ['interrupted', 'Claude Code was interrupted in the middle of a tool.'],
  aborted_streaming: ['interrupted', 'Claude Code was interrupted while its model was awaited.'],
  max_turns: ['max_turns', 'Claude Code used up its number of turns.'],
  budget_exhausted: ['budget', 'Claude Code used up its budget.'],
  prompt_too_long: [
    'context_full',
    'The prompt of Claude Code is too long, and it cannot compact.',
  ],
  blocking_limit: ['context_full', 'The context of Claude Code is full.'],
  rapid_refill_breaker: [
    'context_full',
    'The context of Claude Code filled up again right after three compactions.',
  ],
};

function apiError(
  result: ClaudeResult,
  { apiError: error, resetsAt }: ClaudeFacts,
  words: string,
): Verdict {
  const { api_error_status: status, api_error_type: type } = result;
  if (result.stop_reason === 'refusal')
    return { outcome: 'refused_by_model', message: `The model refused: ${words}` };
  if (error === 'rate_limit' || status === 429)
    return {
      outcome: 'limited',
      message: `The allowance is used up: ${words}`,
      limitedUntil: resetsAt,
    };
  if (error === 'billing_error' || type === 'billing_error')
    return { outcome: 'no_money', message: `The account has no money left: ${words}` };
  if (error === 'authentication_failed')
    return { outcome: 'key_refused', message: `The key is missing or refused: ${words}` };
  if (status === 404)
    return { outcome: 'setup_fault', message: `The API does not know the model: ${words}` };
  if (typeof status === 'number' && status >= 400 && status < 500)
    return { outcome: 'crashed', message: `The API refused a request: ${words}` };
  return { outcome: 'api_unavailable', message: `The API does not answer: ${words}` };
}
