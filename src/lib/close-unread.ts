import type { IncomingMessage, ServerResponse } from 'node:http';

/** How long a refused sender may take to read its answer. */
const lingerMs = 500;

/** What these functions need of an answer of Fastify. */
interface Reply {
  readonly raw: ServerResponse;
  header(name: string, value: string): unknown;
}

/** True when the request announces a body that has not arrived, or that nobody has read. */
export function hasUnreadBody({ complete, headers }: IncomingMessage): boolean {
  if (complete) return false;
  return 'transfer-encoding' in headers || Number(headers['content-length'] ?? 0) > 0;
}

/**
 * Answers without reading the body, and closes the connection. Closing at once would make the kernel reset it,
 * because bytes are unread, and the sender could lose the answer: the connection stays half open for a moment.
 */
export function closeUnread<T extends Reply>(
  { raw }: { readonly raw: IncomingMessage },
  reply: T,
): T {
  const { socket } = raw;
  raw.pause();
  // Node calls this after the last answer of a connection.
  socket.destroySoon = () => {
    socket.end();
    // Node goes on to read the body and throws it away, at the speed of the sender; this stops it.
    socket.on('resume', () => socket.pause());
    socket.pause();
    setTimeout(() => socket.destroy(), lingerMs).unref();
  };
  reply.header('connection', 'close');
  return reply;
}
