import type { ServerResponse } from 'node:http';

/**
 * Leaves the connection open until the sender closes it. Gitea sends over kept-alive connections and never
 * repeats: a delivery on its way while an idle limit of ours runs out would be lost. TCP's own keep-alive
 * finds senders that are gone.
 */
export function keepOpen(answer: ServerResponse): void {
  // Said explicitly, so that Node does not add an idle limit that does not apply.
  if (answer.shouldKeepAlive && !answer.hasHeader('connection'))
    answer.setHeader('connection', 'keep-alive');
  // After Node has set the idle limit of the server, which it does when an answer is complete.
  answer.once('finish', () => {
    const { socket } = answer.req;
    // Fastify's stand-in for a connection has no limits.
    if ('setTimeout' in socket) socket.setTimeout(0);
  });
}
