import type { FastifyReply, FastifyRequest } from 'fastify';

import { callerOfRequest } from '../../api/auth.ts';
import { readSessionCookie } from '../session/cookie.ts';
import type { Web, WebDeps } from '../web.ts';

/**
 * Pages that are told of changes at once, of all and of one caller; others ask again from time to time. Each takes one
 * of the requests that the edge may have with the core (256 at most), of which long polls take 200.
 */
const maxListeners = 50;
const maxOfCaller = 20;
/** A line that says nothing keeps proxies from closing the stream; then the session is looked at, too. */
const idleMs = 20_000;
/** How long a browser waits before it connects again. */
const retryMs = 3_000;

/** `GET /events`: server-sent events, each of which says that something has changed. */
export function registerEvents(web: Web, deps: WebDeps): void {
  const streams = new Map<string, number>();
  web.get('/events', (request, reply) => {
    const { name } = callerOfRequest(request);
    const own = streams.get(name) ?? 0;
    const isFull = own >= maxOfCaller || deps.changes.count() >= maxListeners;
    if (isFull || deps.stopping.aborted) return reply.code(503).header('retry-after', '30').send();
    streams.set(name, own + 1);
    stream(request, reply, deps);
    reply.raw.once('close', () => {
      const left = (streams.get(name) ?? 1) - 1;
      if (left > 0) streams.set(name, left);
      else streams.delete(name);
    });
    return reply;
  });
}

function stream(request: FastifyRequest, reply: FastifyReply, deps: WebDeps): void {
  const { changes, sessions, stopping } = deps;
  const cookie = readSessionCookie(request);
  reply.hijack();
  const { raw } = reply;
  for (const [name, value] of Object.entries(reply.getHeaders()))
    if (value !== undefined) raw.setHeader(name, value);
  raw.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    // nginx would gather what is to be seen at once.
    'x-accel-buffering': 'no',
  });
  raw.write(`retry: ${retryMs}\n\n`);
  const unsubscribe = changes.subscribe(() => say('data: changed\n\n'));
  const idle = setInterval(() => void beat(), idleMs).unref();

  async function beat(): Promise<void> {
    const caller = await sessions.find(cookie).catch(() => request.caller);
    if (caller === undefined) end();
    else say(':\n\n');
  }

  /** Who does not read is not written to: what he has missed he asks for anyway. */
  function say(text: string): void {
    if (!raw.writableEnded && !raw.writableNeedDrain) raw.write(text);
  }

  function end(): void {
    clearInterval(idle);
    unsubscribe();
    stopping.removeEventListener('abort', end);
    raw.end();
  }

  stopping.addEventListener('abort', end);
  raw.once('close', end);
}
