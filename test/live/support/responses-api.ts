import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';

/** One answer of the model. */
export interface Turn {
  readonly text?: string;
  /** Commands that it has run, all in one answer. */
  readonly commands?: readonly string[];
  /** Code for the tool `exec`, by which Codex lets newer models call its tools. */
  readonly code?: string;
  /** Tokens of its input; what it wrote counts as ten. */
  readonly input?: number;
  /** In the place of an answer. */
  readonly error?: {
    readonly status: number;
    readonly code?: string;
    readonly message?: string;
    readonly headers?: Readonly<Record<string, string>>;
  };
  /** Breaks the answer off in the middle. */
  readonly cut?: boolean;
  /** Never ends the answer. */
  readonly hang?: boolean;
  /** What the request must hold, else it is refused. */
  readonly expect?: string;
  /** Requests that get this turn, retries included; 1 by default. */
  readonly times?: number;
}

export interface Asked {
  readonly call: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const answerTokens = 10;

/**
 * A stand-in for the Responses API of OpenAI: answers one turn after the other, as a stream of events. Seen to work
 * with Codex 0.171.0.
 */
export async function startResponsesApi(turns: readonly Turn[]) {
  const asked: Asked[] = [];
  const queue = turns.flatMap((turn) => Array.from({ length: turn.times ?? 1 }, () => turn));
  let answers = 0;
  const server = createServer((request, response) => {
    void text(request).then(
      (body) => {
        asked.push({
          ...{
            call: `${request.method ?? ''} ${request.url ?? ''}`,
            headers: request.headers,
            body,
          },
        });
        if (request.method !== 'POST' || request.url !== '/v1/responses')
          refuse(response, { status: 404, message: 'The stand-in does not know this call.' });
        else answer(response, queue.shift(), body, (answers += 1));
      },
      () => undefined,
    );
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  return {
    /** As in `OPENAI_BASE_URL`. */
    url: `http://127.0.0.1:${port}/v1`,
    asked: (): readonly Asked[] => asked,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

function refuse(
  response: ServerResponse,
  {
    status,
    code = 'scripted',
    message = `scripted ${status}`,
    headers,
  }: NonNullable<Turn['error']>,
): void {
  response
    .writeHead(status, { 'content-type': 'application/json', ...headers })
    .end(JSON.stringify({ error: { message, type: code, code, param: null } }));
}

function answer(
  response: ServerResponse,
  turn: Turn | undefined,
  body: string,
  number: number,
): void {
  if (turn === undefined) {
    refuse(response, { status: 400, message: 'The script has no more turns.' });
    return;
  }
  if (turn.error !== undefined) {
    refuse(response, turn.error);
    return;
  }
  if (turn.expect !== undefined && !body.includes(turn.expect)) {
    refuse(response, { status: 400, message: `The request lacks ${turn.expect}.` });
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const send = (type: string, fields: object) =>
    response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`);
  const id = `resp_${number}`;
  send('response.created', { response: { id } });
  if (turn.hang === true) return;
  if (turn.cut === true) {
    response.destroy();
    return;
  }
  for (const [index, item] of itemsOf(turn, number).entries())
    send('response.output_item.done', { output_index: index, item });
  const input = turn.input ?? 1000;
  const usage = {
    ...{ input_tokens: input, input_tokens_details: { cached_tokens: 400 } },
    ...{ output_tokens: answerTokens, output_tokens_details: { reasoning_tokens: 0 } },
    total_tokens: input + answerTokens,
  };
  send('response.completed', { response: { id, usage } });
  response.end();
}

function itemsOf({ text: words, commands = [], code }: Turn, number: number): object[] {
  return [
    ...(words === undefined
      ? []
      : [
          {
            ...{ type: 'message', role: 'assistant', id: `msg_${number}` },
            content: [{ type: 'output_text', text: words, annotations: [] }],
          },
        ]),
    ...commands.map((cmd, index) => ({
      ...{ type: 'function_call', id: `fc_${number}_${index}`, call_id: `call_${number}_${index}` },
      ...{ name: 'exec_command', arguments: JSON.stringify({ cmd }) },
    })),
    ...(code === undefined
      ? []
      : [
          {
            ...{ type: 'custom_tool_call', id: `ctc_${number}`, call_id: `call_${number}` },
            ...{ name: 'exec', input: code },
          },
        ]),
  ];
}
