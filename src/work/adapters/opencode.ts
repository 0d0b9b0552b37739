import { join } from 'node:path';

import { z } from 'zod';

import { CoordinatorError } from '../../errors.ts';
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
import { windowOf } from './claude-windows.ts';

/**
 * OpenCode with a model of Anthropic, by the forwarder. Seen to work with 1.18.33: start, tools, context, session,
 * refused key (test/fixtures/opencode). A limit with a long wait is silent there, so only the time of the issue bounds it.
 */
export function createOpencode({
  program = 'opencode',
}: { readonly program?: string } = {}): Adapter {
  return {
    name: 'opencode',
    // A tool is told when it has ended, not when it starts.
    can: { liveContext: true, hearsWhileRunning: false, showsLife: false, resumes: true },
    start: (request) => commandOf(program, request),
    createReader: createOpencodeReader,
  };
}

const configFile = 'opencode.json';

function commandOf(program: string, request: AgentStart): AgentCommand {
  const { prompt, model, session, resume, home, projectSettings } = request;
  if (model === undefined)
    throw new CoordinatorError(
      'model_missing',
      'OpenCode needs a model: work --adapter opencode --model claude-sonnet-5-5.',
    );
  return {
    command: program,
    args: [
      ...['run', '--format', 'json', '--auto', '--model', `anthropic/${model}`],
      // It makes the id of a new session itself.
      ...(resume && session !== undefined ? ['--session', session] : []),
    ],
    input: prompt,
    environment: {
      OPENCODE_CONFIG: join(home, configFile),
      OPENCODE_DISABLE_AUTOUPDATE: '1',
      OPENCODE_DISABLE_MODELS_FETCH: '1',
      ...(projectSettings === true ? {} : { OPENCODE_DISABLE_PROJECT_CONFIG: '1' }),
    },
    files: { [configFile]: `${JSON.stringify(configOf(model))}\n` },
  };
}

/** The list of models is not fetched, so the model is described here. */
function configOf(model: string) {
  const { window } = windowOf(model, undefined);
  return {
    autoupdate: false,
    share: 'disabled',
    permission: { bash: { '*': 'allow', 'git push*': 'deny' } },
    provider: {
      anthropic: {
        npm: '@ai-sdk/anthropic',
        options: { baseURL: '{env:ANTHROPIC_BASE_URL}/v1', apiKey: '{env:ANTHROPIC_API_KEY}' },
        models: { [model]: { limit: { context: window, output: 32_000 } } },
      },
    },
  };
}

const count = z.number().nonnegative().catch(0);
const line = z.object({
  type: z.string(),
  sessionID: z.string(),
  part: z
    .object({
      text: z.string().optional().catch(undefined),
      tool: z.string().optional().catch(undefined),
      callID: z.string().catch(''),
      tokens: z
        .object({ input: count, output: count, cache: z.object({ read: count, write: count }) })
        .optional()
        .catch(undefined),
    })
    .optional()
    .catch(undefined),
  error: z
    .object({
      name: z.string().catch(''),
      data: z
        .object({ message: z.string().catch(''), statusCode: z.number().optional() })
        .catch({ message: '' }),
    })
    .optional()
    .catch(undefined),
});
type OpencodeError = NonNullable<z.infer<typeof line>['error']>;

function createOpencodeReader(): AgentReader {
  let session: string | undefined;
  let words = '';
  let error: OpencodeError | undefined;
  let tokens = 0;

  function meaning({ sessionID, part, ...event }: z.infer<typeof line>): AgentEvent[] {
    const events: AgentEvent[] =
      session === sessionID ? [] : [{ kind: 'session', session: sessionID }];
    session = sessionID;
    if (event.error !== undefined) error = event.error;
    if (part?.text !== undefined) words = part.text;
    if (event.type === 'tool_use' && part?.tool !== undefined) {
      const { callID: id } = part;
      events.push({ kind: 'tool_started', id, name: oneLine(part.tool, 100) });
      events.push({ kind: 'tool_ended', id });
    }
    if (event.type === 'step_finish' && part?.tokens !== undefined) {
      const { input, output, cache } = part.tokens;
      const used = input + cache.read + cache.write;
      tokens += used + output;
      events.push({ kind: 'context', used }, { kind: 'spent', spent: { tokens } });
    }
    return events;
  }

  return {
    read(text) {
      const event = line.safeParse(parseJson(text)).data;
      return event === undefined ? [] : meaning(event);
    },
    judge(exit) {
      const verdict = startProblemEnd(exit) ?? stoppedEnd(exit) ?? verdictOf(exit, error, session);
      return { ...verdict, session, text: words.slice(0, wordsLimit).toWellFormed() };
    },
  };
}

function verdictOf(
  { code, stderr }: AgentExit,
  error: OpencodeError | undefined,
  session: string | undefined,
): Pick<AgentEnd, 'outcome' | 'message'> {
  const words = oneLine(error?.data.message ?? stderr, 300);
  const status = error?.data.statusCode;
  if (status === 401 || status === 403)
    return { outcome: 'key_refused', message: `The key is refused: ${words}.` };
  if (status === 402)
    return { outcome: 'no_money', message: `The account has no money left: ${words}.` };
  if (status === 429) return { outcome: 'limited', message: `The allowance is used up: ${words}.` };
  if (status !== undefined && status >= 500)
    return { outcome: 'api_unavailable', message: `The API does not answer: ${words}.` };
  if (session === undefined && code !== 0)
    return { outcome: 'setup_fault', message: `OpenCode did not start: ${words}.` };
  if (code !== 0 || error !== undefined)
    return {
      outcome: 'crashed',
      message: `OpenCode failed, exit code ${code ?? 'none'}: ${words}.`,
    };
  return { outcome: 'completed', message: 'OpenCode says that it is done.' };
}
