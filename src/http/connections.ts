import { readFileSync } from 'node:fs';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

import { createRepeatedLines } from '../lib/repeated-lines.ts';
import type { Logger } from '../log.ts';

/** Maximum connections where the process may open enough files. */
const mostConnections = 1_000;
/** Maximum requests of the edge to the core; 200 long polls fit in. */
const mostForwarded = 256;
/** File descriptors for everything else: the database, the log, calls to Gitea and Claude. */
const reservedDescriptors = 48;
/** The rest of a very low limit must still serve Gitea. */
const leastConnections = 8;
/** The part of the limit that is kept free: a new connection needs a place before an old one can be closed. */
const freeShare = 1 / 8;
/** How long the service counts as degraded after it had to refuse a connection. */
const degradedMs = 60_000;

/**
 * The connections the process can serve, and the requests that the edge may have with the core at once, each of which
 * takes two more descriptors; undefined: how many files it may open is not known.
 */
export function connectionLimits(descriptors: number | undefined) {
  if (descriptors === undefined) return { connections: mostConnections, forwarded: mostForwarded };
  const forwarded = Math.max(1, Math.min(mostForwarded, Math.floor(descriptors / 16)));
  const free = descriptors - reservedDescriptors - 2 * forwarded;
  return { connections: Math.max(leastConnections, Math.min(mostConnections, free)), forwarded };
}

/** How many files the process may open, where the system says so. */
export function openFilesLimit(): number | undefined {
  try {
    const limits = readFileSync('/proc/self/limits', 'utf8');
    const found = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
    return found === undefined ? undefined : Number(found);
  } catch {
    return undefined;
  }
}

interface ConnectionOptions {
  readonly log: Logger;
  readonly now: () => number;
  readonly limit: number;
}

/**
 * Keeps the number of connections below the limit of open files: beyond that one, connections would fail with
 * no trace. Strangers make room for new connections: of those that brought no authentic delivery, the one that
 * has waited the longest is closed, idle, with half a header or with half a body. Where nobody can make room,
 * connections are refused, counted and logged.
 *
 * Accepted: in a flood, an idle connection of the API can be closed as well; and whoever has captured a
 * delivery can send it again to count as proven.
 */
export function limitConnections(server: Server, { log, now, limit }: ConnectionOptions) {
  const lines = createRepeatedLines(log);
  const crowdedFrom = limit - Math.max(1, Math.floor(limit * freeShare));
  /** The request under way of each connection; those that wait the longest come first. */
  const open = new Map<Socket, IncomingMessage | undefined>();
  const proven = new WeakSet<Socket>();
  let refused = 0;
  let closed = 0;
  let refusedAt = -Infinity;
  let isClosing = false;
  server.maxConnections = limit;

  server.on('connection', (socket) => {
    open.set(socket, undefined);
    socket.once('close', () => open.delete(socket));
    if (isClosing) socket.destroy();
    if (countOpen() > crowdedFrom) makeRoom(socket);
  });
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request;
    place(socket, request);
    response.once('close', () => {
      if (open.get(socket) === request) place(socket, undefined);
      if (isClosing) socket.end();
    });
  });
  server.on('drop', () => {
    refused += 1;
    refusedAt = now();
    lines.warn({ limit }, 'connection refused: too many are open');
  });
  server.on('close', lines.flush);

  /** Puts the connection at the end of the order. */
  function place(socket: Socket, request: IncomingMessage | undefined): void {
    if (open.delete(socket)) open.set(socket, request);
  }

  /** Without those that are being closed, which Node does not count either. */
  function countOpen(): number {
    return [...open.keys()].filter(({ destroyed }) => !destroyed).length;
  }

  function makeRoom(fresh: Socket): void {
    const found = [...open].find(
      ([socket, request]) =>
        // A complete request is being answered.
        request?.complete !== true && socket !== fresh && !socket.destroyed && !proven.has(socket),
    );
    const socket = found?.[0];
    if (socket === undefined) return;
    socket.destroy();
    closed += 1;
    lines.warn({ limit }, 'connection closed to make room for new ones');
  }

  /** Says that a connection brought an authentic delivery: it is never closed to make room. */
  function prove(socket: Socket): void {
    proven.add(socket);
  }

  /** Closes every connection without a request under way, from now on: a closing server waits for all of them. */
  function closeIdle(): void {
    isClosing = true;
    for (const [socket, request] of open) if (request === undefined) socket.destroy();
  }

  function check() {
    const degraded = now() - refusedAt < degradedMs;
    const status = degraded ? ('degraded' as const) : ('ok' as const);
    return { status, open: countOpen(), limit, refused, closed };
  }

  return { check, prove, closeIdle };
}
