import { trace } from '@opentelemetry/api';
import { pino, type Logger } from 'pino';

import type { LogLevel } from './config-variables.ts';

export type { Logger } from 'pino';

/** Paths to redact; pino matches them exactly and by case. */
const secretPaths = [
  'req.headers.authorization',
  'req.headers["x-gitea-signature"]',
  'req.headers["x-forgejo-signature"]',
  'req.headers["x-hub-signature"]',
  'req.headers["x-hub-signature-256"]',
  'err.config.headers',
  'err.headers',
  '*.apiKey',
  '*.token',
  '*.secret',
];

/**
 * Characters that act on a terminal or hide from a reader: control characters beyond the escaped ones, marks of
 * direction, invisible ones. In a JSON line they stand inside strings only, so an escape changes no value.
 */
const deceptive = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;
/** Most lines are plain; this is cheaper to find out. */
const unusual = /[^\n\x20-\x7e]/;

/** The line with every deceptive character escaped, whatever field it stands in. */
export function escapeDeceptive(line: string): string {
  if (!unusual.test(line)) return line;
  return line.replace(deceptive, (character) =>
    Array.from({ length: character.length }, (_, index) => {
      const unit = character.charCodeAt(index).toString(16).padStart(4, '0');
      return `\\u${unit}`;
    }).join(''),
  );
}

interface Destination {
  readonly write: (lines: string) => unknown;
}

/**
 * JSON lines, one per outcome. Foreign text is always the value of a key, never the message; what could deceive
 * whoever reads it is escaped.
 */
export function createLogger(level: LogLevel, destination: Destination): Logger {
  const options = {
    level: level === 'warning' ? 'warn' : level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    // Of the span that the line belongs to, where traces are sent.
    mixin: () => {
      const traceId = trace.getActiveSpan()?.spanContext().traceId;
      return traceId === undefined ? {} : { traceId };
    },
    redact: { paths: secretPaths, censor: '[redacted]' },
  };
  return pino(options, { write: (line: string) => destination.write(escapeDeceptive(line)) });
}

/**
 * Buffers the lines of one turn of the event loop and writes them at its end: a write costs more than a
 * line. They are written before the process exits, also after an uncaught error; a kill loses those of the
 * last turn.
 */
export function writeByTurn(destination: Destination): Destination {
  let lines = '';
  const flush = () => {
    const text = lines;
    lines = '';
    if (text !== '') destination.write(text);
  };
  process.on('exit', flush);
  return {
    write: (line) => {
      if (lines === '') setImmediate(flush);
      lines += line;
    },
  };
}
