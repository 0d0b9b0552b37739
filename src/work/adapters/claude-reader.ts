import type { AgentEvent, AgentReader, Spent } from './adapter.ts';
import { judgeClaude, type ClaudeFacts } from './claude-end.ts';
import {
  parseClaudeEvent,
  type ClaudeAnswer,
  type ClaudeEvent,
  type ClaudeResult,
} from './claude-events.ts';
import { windowOf } from './claude-windows.ts';
import { oneLine } from '../../lib/text.ts';

/** Model name of a message that no model wrote: it stands for an error, and its usage is zeros. */
const synthetic = '<synthetic>';

/**
 * Reads the stream of one process. Several `init` and `result` may come; the last `result` before the end of the
 * process counts. Usage of subagents is spent, but is not the context of the main loop.
 */
export function createClaudeReader(): AgentReader {
  const facts: ClaudeFacts = { began: false, denied: new Set() };
  const windows = new Map<string, number>();
  let model = '';
  let context: Extract<AgentEvent, { kind: 'context' }> | undefined;
  const bill = createBill();

  function fill(used: number): AgentEvent {
    context = { kind: 'context', used, ...windowOf(model, windows.get(model)) };
    return context;
  }

  function answer({ message, parent_tool_use_id: parent, error }: ClaudeAnswer): AgentEvent[] {
    const isMain = (parent ?? null) === null;
    if (message.model === synthetic) {
      if (isMain && error !== undefined) facts.apiError = error;
      return isMain ? [{ kind: 'working' }] : [];
    }
    // An answer comes once a block, with the same id and the same figures.
    const sum = bill.add(message.id, message.usage);
    const spent: AgentEvent[] = sum === undefined ? [] : [{ kind: 'spent', spent: bill.sum() }];
    if (!isMain) return spent;
    model = message.model;
    const words = message.content.flatMap(({ text }) => text ?? []).join('\n');
    if (words !== '') facts.lastWords = words;
    return [
      { kind: 'working' },
      ...(sum === undefined ? [] : [fill(sum)]),
      ...spent,
      ...message.content.flatMap(({ type, id, name }): AgentEvent[] =>
        type === 'tool_use' && id !== undefined
          ? [{ kind: 'tool_started', id, name: oneLine(name ?? 'tool', 100) }]
          : [],
      ),
    ];
  }

  function result(event: ClaudeResult): AgentEvent[] {
    facts.result = event;
    if (event.session_id !== undefined) facts.session = event.session_id;
    for (const denial of event.permission_denials) facts.denied.add(denial.tool_name);
    for (const [name, { contextWindow }] of Object.entries(event.modelUsage))
      if (contextWindow !== undefined) windows.set(name, contextWindow);
    bill.settle(event);
    const wrong = context?.window !== (windows.get(model) ?? context?.window);
    return [
      { kind: 'spent', spent: bill.sum() },
      ...(context !== undefined && wrong ? [fill(context.used)] : []),
      { kind: event.queued_turn_count > 0 ? 'working' : 'turn_ended' },
    ];
  }

  function meaning(event: ClaudeEvent): AgentEvent[] {
    switch (event.type) {
      case 'assistant':
        return answer(event);
      case 'user':
        return (event.parent_tool_use_id ?? null) === null
          ? event.message.content.flatMap(({ tool_use_id: id }): AgentEvent[] =>
              id === undefined ? [] : [{ kind: 'tool_ended', id }],
            )
          : [];
      case 'result':
        return result(event);
      case 'rate_limit_event': {
        const { status, resetsAt, rateLimitType } = event.rate_limit_info;
        if (status === 'rejected' && resetsAt !== undefined) facts.resetsAt = resetsAt * 1000;
        return status === 'allowed'
          ? []
          : [{ kind: 'notice', text: oneLine(`${rateLimitType}: ${status}`, 200) }];
      }
      case 'system': {
        if (event.subtype === 'init') {
          model = event.model;
          facts.session = event.session_id;
          facts.began = true;
          return [{ kind: 'session', session: event.session_id }, { kind: 'working' }];
        }
        if (event.subtype === 'permission_denied') facts.denied.add(event.tool_name);
        const notice: AgentEvent = { kind: 'notice', text: oneLine(noticeText(event), 300) };
        return event.subtype === 'compact_boundary' && event.compact_metadata !== undefined
          ? [notice, fill(event.compact_metadata.post_tokens)]
          : [notice];
      }
    }
  }

  return {
    read(line) {
      const event = parseClaudeEvent(line);
      return event === undefined ? [] : meaning(event);
    },
    judge: (exit) => judgeClaude(exit, facts),
  };
}

type Notice = Exclude<Extract<ClaudeEvent, { type: 'system' }>, { subtype: 'init' }>;

function noticeText(event: Notice): string {
  const { subtype, content, attempt, error, error_status: status, tool_name: tool } = event;
  switch (subtype) {
    case 'api_retry':
      return `The API answered ${status ?? 'nothing'} ${error}; retry ${attempt}.`;
    case 'permission_denied':
      return `The tool ${tool} was denied.`;
    case 'compact_boundary': {
      const { pre_tokens: before = 0, post_tokens: after = 0 } = event.compact_metadata ?? {};
      return `It compacted its context: ${before} tokens before, ${after} after.`;
    }
    case 'informational':
    case 'model_fallback':
    case 'model_refusal_fallback':
      return content === '' ? subtype : content;
  }
}

/** Answers whose ids are remembered: one comes again only in the next few lines. */
const rememberedAnswers = 1_000;

/**
 * What the process spent: the sums of the newest `result`, and the input of the answers after it. The stream does not
 * tell the output of an answer, so between two results the sum is a little low.
 */
function createBill() {
  const seen = new Set<string>();
  let settled: Spent = { tokens: 0 };
  let since = 0;
  return {
    /** The tokens in the context of this answer; undefined when it was counted before, or has no figures. */
    add(id: string, usage: ClaudeAnswer['message']['usage']): number | undefined {
      if (usage === undefined || seen.has(id)) return undefined;
      seen.add(id);
      if (seen.size > rememberedAnswers)
        for (const oldest of seen) {
          seen.delete(oldest);
          break;
        }
      const sum =
        usage.input_tokens + usage.cache_creation_input_tokens + usage.cache_read_input_tokens;
      since += sum;
      return sum;
    },
    settle({ modelUsage, total_cost_usd: costUsd }: ClaudeResult): void {
      const tokens = Object.values(modelUsage).reduce(
        (sum, one) =>
          sum +
          one.inputTokens +
          one.outputTokens +
          one.cacheReadInputTokens +
          one.cacheCreationInputTokens,
        0,
      );
      settled = {
        tokens: Math.max(tokens, settled.tokens),
        ...(costUsd !== undefined && { costUsd }),
      };
      since = 0;
    },
    sum: (): Spent => ({ ...settled, tokens: settled.tokens + since }),
  };
}
