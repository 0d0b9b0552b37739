import { pino, type Logger } from 'pino';

export type { Logger } from 'pino';

export const logLevels = ['debug', 'info', 'warning', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];

/** Redaction in pino goes by exact, case-sensitive path, so every path is spelled out. */
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
 * JSON lines, one per outcome, to standard output by default. The destination is synchronous: an
 * asynchronous one loses the last lines of a crash. Text from outside always stands under a key.
 */
export function createLogger(
  level: LogLevel,
  destination?: { write: (line: string) => void },
): Logger {
  const options = {
    level: level === 'warning' ? 'warn' : level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: secretPaths, censor: '[redacted]' },
  };
  return pino(options, destination ?? pino.destination({ dest: 1, sync: true }));
}
