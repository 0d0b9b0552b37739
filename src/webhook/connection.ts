import type { ServerResponse } from 'node:http';

import type { FastifyReply, FastifyRequest } from 'fastify';

/** How long a refused sender may take to read its answer. */
const lingerMs = 500;

/**
 * Answers without reading the body, and closes the connection. Closing at once would make the kernel reset it,
 * because bytes are unread, and the sender could lose the answer: the connection stays half open for a moment.
 */
export function closeUnread(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { raw } = request;
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
  return reply.header('connection', 'close');
}

/**
 * Leaves the connection open until the sender closes it. Gitea sends over kept-alive connections and never
 * repeats: a delivery on its way while an idle limit of ours runs out would be lost. TCP's own keep-alive
 * finds senders that are gone.
 */
export function keepOpen(answer: ServerResponse): void {
  // After Node has set the idle limit of the server, which it does when an answer is complete.
  answer.once('finish', () => answer.req.socket.setTimeout(0));
}
