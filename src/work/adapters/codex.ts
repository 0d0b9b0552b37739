import { join } from 'node:path';

import { stringify } from 'smol-toml';
import { z } from 'zod';

import { oneLine, parseJson } from '../../lib/text.ts';
import {
  type Adapter,
  type AgentCommand,
  type AgentEnd,
  type AgentEvent,
  type AgentExit,
  type AgentReader,
  type AgentStart,
  wordsLimit,
} from './adapter.ts';
import { startProblemEnd, stoppedEnd } from './common-ends.ts';

/** Sessions whose tokens are kept in mind: a few for each job. */
const maxSessions = 500;

/**
 * Codex with a model of OpenAI, by the forwarder. Seen to work with 0.171.0: facts about its options, lines and ends come
 * from recordings of that version (test/fixtures/codex).
 */
export function createCodex({ program = 'codex' }: { readonly program?: string } = {}): Adapter {
  const told = new Map<string, number>();
  return {
    name: 'codex',
    // Tokens are told at the end of a turn, as the sum of a session: never how full the context is; it compacts by
    // itself. A long thought is silent, and a stream that stands still it ends by itself after five minutes.
    can: { liveContext: false, hearsWhileRunning: false, showsLife: false, resumes: true },
    start: (request) => commandOf(program, request),
    createReader: () => createCodexReader(told),
  };
}

/** Folder of its settings and sessions, in the home. */
const codexHome = '.codex';

function commandOf(program: string, request: AgentStart): AgentCommand {
  const { prompt, model, session, resume, home, projectSettings } = request;
  return {
    command: program,
    args: [
      ...['exec', '--json'],
      ...(model === undefined ? [] : ['--model', model]),
      ...(projectSettings === true ? ['--trust', '--dangerously-bypass-hook-trust'] : []),
      // It makes the id of a new session itself.
      ...(resume && session !== undefined ? ['resume', session] : []),
      '-',
    ],
    // Not as an argument: those are in the list of processes.
    input: prompt,
    environment: { CODEX_HOME: join(home, codexHome) },
    files: {
      [join(codexHome, 'config.toml')]: stringify(configOf(request)),
      [join(codexHome, 'rules', 'default.rules')]: rules,
    },
  };
}

/** Push belongs to the runner. No wall: that is that the agent has nothing to push with. */
const rules = 'prefix_rule(pattern=["git", "push"], decision="forbidden")\n';

function configOf({ apiUrl, directory, projectSettings }: AgentStart) {
  return {
    // Nobody is there to be asked.
    approval_policy: 'never',
    // Its own sandbox needs namespaces of its own, which it does not get in ours: no command would run.
    sandbox_mode: 'danger-full-access',
    model_provider: 'mosaic',
    model_providers: {
      mosaic: {
        ...{ name: 'mosaic', wire_api: 'responses', env_key: 'OPENAI_API_KEY' },
        ...(apiUrl !== undefined && { base_url: apiUrl }),
      },
    },
    check_for_update_on_startup: false,
    analytics: { enabled: false },
    features: {
      // Fetched from the internet at each start.
      ...{ plugins: false, apps: false },
      skill_mcp_dependency_install: false,
      // An API that cannot be reached would be called for ever.
      unbounded_connection_retries: false,
    },
    // Its settings, hooks and servers; so is AGENTS.md, which the prompt holds.
    ...(projectSettings !== true && { projects: { [directory]: { trust_level: 'untrusted' } } }),
  };
}

const count = z.number().nonnegative().catch(0);
const line = z.object({
  type: z.string(),
  thread_id: z.string().optional().catch(undefined),
  message: z.string().optional().catch(undefined),
  error: z.object({ message: z.string() }).optional().catch(undefined),
  usage: z.object({ input_tokens: count, output_tokens: count }).optional().catch(undefined),
  item: z
    .object({
      id: z.string(),
      type: z.string(),
      text: z.string().optional().catch(undefined),
      message: z.string().optional().catch(undefined),
    })
    .optional()
    .catch(undefined),
});
type Line = z.infer<typeof line>;

/** Items that are no tools: they have no time in which they run. */
const saidItems = ['agent_message', 'reasoning', 'todo_list', 'error'];

function createCodexReader(told: Map<string, number>): AgentReader {
  let session: string | undefined;
  let words = '';
  let failure: string | undefined;
  let isDone = false;

  function meaningOfItem(item: NonNullable<Line['item']>, isStart: boolean): AgentEvent[] {
    const { id, type, text, message } = item;
    if (type === 'agent_message' && text !== undefined) words = text;
    if (type === 'error' && message !== undefined) return [notice(message)];
    if (saidItems.includes(type)) return [];
    return isStart
      ? [{ kind: 'tool_started', id, name: oneLine(type, 100) }]
      : [{ kind: 'tool_ended', id }];
  }

  /** Of this run: the sum of the session without what its earlier runs told. */
  function spentOf(sum: number): AgentEvent {
    const before = told.get(session ?? '') ?? 0;
    told.delete(session ?? '');
    told.set(session ?? '', sum);
    for (const oldest of [...told.keys()].slice(0, -maxSessions)) told.delete(oldest);
    return { kind: 'spent', spent: { tokens: Math.max(0, sum - before) } };
  }

  function meaning({ type, item, usage, ...event }: Line): AgentEvent[] {
    switch (type) {
      case 'thread.started':
        session = event.thread_id;
        return session === undefined ? [] : [{ kind: 'session', session }];
      case 'turn.started':
        return [{ kind: 'working' }];
      case 'item.started':
      case 'item.completed':
        return item === undefined ? [] : meaningOfItem(item, type === 'item.started');
      case 'error':
        return event.message === undefined ? [] : [notice(event.message)];
      case 'turn.failed':
        failure = event.error?.message ?? 'no reason was given';
        return [];
      case 'turn.completed':
        isDone = true;
        // Cached input is a part of the input, and thoughts of the output.
        return usage === undefined ? [] : [spentOf(usage.input_tokens + usage.output_tokens)];
      default:
        return [];
    }
  }

  return {
    read(text) {
      const event = line.safeParse(parseJson(text)).data;
      return event === undefined ? [] : meaning(event);
    },
    judge(exit) {
      const verdict =
        startProblemEnd(exit) ??
        stoppedEnd(exit) ??
        verdictOf(exit, { failure, isDone, hasStarted: session !== undefined });
      return { ...verdict, session, text: words.slice(0, wordsLimit).toWellFormed() };
    },
  };
}

function notice(message: string): AgentEvent {
  return { kind: 'notice', text: plain(message) };
}

/** Without the address that was called: its path is a secret of the run. */
function plain(message: string): string {
  return oneLine(message.replaceAll(/,? url: \S+?(?=[),]|$|\s)/g, ''), 300).replace(/\.$/, '');
}

/** It tells no status, but sentences, some of them the API's own. */
const failures: readonly (readonly [RegExp, AgentEnd['outcome'], string])[] = [
  [/unexpected status 40[13]\b/, 'key_refused', 'The key is refused'],
  [/unexpected status 402\b|^Quota exceeded/, 'no_money', 'The account has no money left'],
  [/status:? 429\b|hit your usage limit/, 'limited', 'The allowance is used up'],
  [/ran out of room in the model's context/, 'context_full', 'The context is full'],
  [
    /status:? 5\d\d\b|experiencing high demand|at capacity|^Connection failed|stream disconnected/,
    ...(['api_unavailable', 'The API does not answer'] as const),
  ],
  [/\bmodel\b.* does not exist/, 'setup_fault', 'The model cannot be used'],
];

function verdictOf(
  { code, stderr }: AgentExit,
  run: {
    readonly failure: string | undefined;
    readonly isDone: boolean;
    readonly hasStarted: boolean;
  },
): Pick<AgentEnd, 'outcome' | 'message'> {
  const words = plain(run.failure ?? stderr.slice(-300));
  if (run.failure !== undefined) {
    const known = failures.find(([pattern]) => pattern.test(words));
    if (known !== undefined) return { outcome: known[1], message: `${known[2]}: ${words}.` };
  }
  if (!run.hasStarted && code !== 0)
    return { outcome: 'setup_fault', message: `Codex did not start: ${words}.` };
  if (code === 0 && run.isDone && run.failure === undefined)
    return { outcome: 'completed', message: 'Codex says that it is done.' };
  return { outcome: 'crashed', message: `Codex failed, exit code ${code ?? 'none'}: ${words}.` };
}
