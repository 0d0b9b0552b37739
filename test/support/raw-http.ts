import { connect, type Socket } from 'node:net';

export interface RawAnswer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** A plain socket to the service, so that a test decides each byte and when it is sent. */
export function openSocket(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => resolve(socket));
    socket.once('error', reject);
  });
}

/** Everything the service says until it closes the connection; a reset counts as closed. */
export function untilClosed(socket: Socket): Promise<RawAnswer> {
  const chunks: Buffer[] = [];
  return new Promise((resolve) => {
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', () => undefined);
    socket.once('close', () => resolve(parseAnswer(Buffer.concat(chunks).toString())));
  });
}

/** Sends bytes as they are and reads the answer; the head must ask for the connection to be closed. */
export async function exchange(url: string, ...parts: (string | Buffer)[]): Promise<RawAnswer> {
  const socket = await openSocket(url);
  const answer = untilClosed(socket);
  for (const part of parts) socket.write(part);
  return answer;
}

/** The head of a request whose headers are lines of their own, doubled ones included. */
export function requestHead(
  method: string,
  headers: readonly (readonly [string, string])[],
  path = '/webhook/gitea',
) {
  const lines = headers.map(([name, value]) => `${name}: ${value}`);
  return [
    `${method} ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    'Connection: close',
    ...lines,
    '',
    '',
  ].join('\r\n');
}

/** `status` is 0 when the connection was closed without an answer. */
function parseAnswer(text: string): RawAnswer {
  const [head = '', body = ''] = text.split('\r\n\r\n', 2);
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0), head, body };
}
