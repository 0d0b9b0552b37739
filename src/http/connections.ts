import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';

import { createRepeatedLines } from '../lib/repeated-lines.ts';
import type { Logger } from '../log.ts';

/** Maximum connections where the process may open enough files. */
const mostConnections = 1_000;
/** File descriptors for everything else: the database, the log, calls to Gitea and Claude. */
const reservedDescriptors = 48;
/** The rest of a very low limit must still serve Gitea. */
const leastConnections = 8;
/** From this part of the limit on, idle connections are closed to make room. */
const crowdedShare = 0.75;
/** Minimum time between two closings of idle connections. */
const closingGapMs = 100;
/** How long the service counts as degraded after it had to refuse a connection. */
const degradedMs = 60_000;

/** The connections the process can serve; undefined: how many files it may open is not known. */
export function connectionLimit(descriptors: number | undefined): number {
  if (descriptors === undefined) return mostConnections;
  return Math.max(leastConnections, Math.min(mostConnections, descriptors - reservedDescriptors));
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
  readonly limit?: number;
}

export type Connections = ReturnType<typeof limitConnections>;

/**
 * Keeps the number of connections below the limit of open files: beyond that one, connections would fail with
 * no trace. Idle ones make room first, then further ones are refused, counted and logged.
 */
export function limitConnections(
  server: Server,
  { log, now, limit = connectionLimit(openFilesLimit()) }: ConnectionOptions,
) {
  const lines = createRepeatedLines(log);
  let open = 0;
  let refused = 0;
  let refusedAt = -Infinity;
  let closedAt = -Infinity;
  server.maxConnections = limit;

  server.on('connection', (socket) => {
    open += 1;
    socket.once('close', () => {
      open -= 1;
    });
    if (open >= limit * crowdedShare) closeIdle();
  });
  server.on('drop', () => {
    refused += 1;
    refusedAt = now();
    closeIdle();
    lines.warn({ limit }, 'connection refused: too many are open');
  });
  server.on('close', lines.flush);

  function closeIdle(): void {
    const at = performance.now();
    if (at - closedAt < closingGapMs) return;
    closedAt = at;
    server.closeIdleConnections();
  }

  function check() {
    const degraded = now() - refusedAt < degradedMs;
    return { status: degraded ? ('degraded' as const) : ('ok' as const), open, limit, refused };
  }

  return { check };
}
