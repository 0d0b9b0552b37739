import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';

import { onTestFinished } from 'vitest';
import { z } from 'zod';

/** A request to the Messages API, as far as tests look at it. */
const requestSchema = z.looseObject({
  model: z.string(),
  /** Counting tokens needs none. */
  system: z.string().default(''),
  messages: z.array(z.object({ role: z.string(), content: z.string() })),
});
export type ClaudeCall = z.infer<typeof requestSchema>;

/** Answers one call; a test may hang, lie, or send something else altogether. */
export type ClaudeScript = (call: ClaudeCall, response: ServerResponse) => void;

/** The answer of a model that reads nothing out of a text. */
export const emptyAnswer = {
  declared_context_tokens: null,
  declared_context_sentence: null,
  declared_difficulty: null,
  declared_difficulty_sentence: null,
  declared_agent: null,
  declared_agent_sentence: null,
  estimated_context_tokens: null,
  estimated_difficulty: null,
  files: null,
  complexity: null,
  tests: null,
  docs: null,
  relations: [],
};

/** A well-formed reply of the Messages API with this JSON as its text. */
export function answers(value: unknown, stopReason = 'end_turn'): ClaudeScript {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return ({ model }, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'request-id': 'req_test' });
    response.end(
      JSON.stringify({
        id: 'msg_test',
        type: 'message',
        role: 'assistant',
        model,
        content: [{ type: 'text', text }],
        stop_reason: stopReason,
        stop_sequence: null,
        usage: { input_tokens: 1_200, output_tokens: 80 },
      }),
    );
  };
}

/** An error as the API sends it. */
export function fails(status: number, headers: Record<string, string> = {}): ClaudeScript {
  return (_call, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify({ type: 'error', error: { type: 'test_error', message: 'no' } }));
  };
}

/** A local server that speaks the Messages API by a script, which a test may change at any time. */
export async function startClaude(script: ClaudeScript) {
  const calls: ClaudeCall[] = [];
  const headers: IncomingHttpHeaders[] = [];
  const state = { script };
  const server = createServer((request, response) => {
    function answer(body: string): void {
      const call = requestSchema.parse(JSON.parse(body));
      calls.push(call);
      headers.push(request.headers);
      state.script(call, response);
    }
    // A body that breaks off is of a process that was killed.
    void readBody(request).then(answer, () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = z.object({ port: z.number() }).parse(server.address());
  return {
    url: `http://127.0.0.1:${port}`,
    calls,
    /** Of the calls, in the same order. */
    headers,
    answerWith: (next: ClaudeScript) => {
      state.script = next;
    },
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(z.instanceof(Buffer).parse(chunk));
  return Buffer.concat(chunks).toString();
}

/** The environment in which a service asks this server. */
export function claudeEnvironment(url: string) {
  return {
    ISSUE_READER: 'claude',
    ANTHROPIC_API_KEY: 'key-of-the-tests',
    ANTHROPIC_BASE_URL: url,
  };
}
