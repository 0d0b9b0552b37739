import { pino, type Logger } from 'pino';

export type { Logger } from 'pino';

export const logLevels = ['debug', 'info', 'warning', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];

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

interface Destination {
  readonly write: (lines: string) => unknown;
}

/** JSON lines, one per outcome. Foreign text is always the value of a key, never the message. */
export function createLogger(level: LogLevel, destination: Destination): Logger {
  const options = {
    level: level === 'warning' ? 'warn' : level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: secretPaths, censor: '[redacted]' },
  };
  return pino(options, destination);
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
