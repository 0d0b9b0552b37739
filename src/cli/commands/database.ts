import type { Command } from 'commander';
import { z } from 'zod';

import { loadDatabasePath, readDatabaseLocation } from '../../config.ts';
import type { CopyProgress } from '../../db/copy/copy-rows.ts';
import { copyToPostgres, copyToSqlite } from '../../db/copy/copy-store.ts';
import { isPostgresUrl, shownLocation } from '../../db/location.ts';
import { ConfigError } from '../../errors.ts';
import type { Io } from '../io.ts';
import { listenForStop } from '../listen-for-stop.ts';
import { parseOptions } from '../options.ts';
import { percent, printJson } from '../output.ts';

/** Minimum time between two lines of progress. */
const progressEveryMs = 100;

const optionsSchema = z.object({ to: z.string(), json: z.boolean().default(false) });

/** `database copy --to URL`, while no service runs. */
export function addDatabaseCommand(program: Command, io: Io): void {
  const command = program
    .command('database')
    .description('copy everything that is stored into another database');
  command
    .command('copy')
    .description('from the database of DATABASE_URL into an empty one; the service must be stopped')
    .requiredOption('--to <url>', 'postgres://user@host:5432/database, or file: and a new file')
    .option('--json', 'tables with their number of rows and hashes, as JSON')
    .action((options: unknown) => copy(io, options));
}

async function copy(io: Io, rawOptions: unknown): Promise<void> {
  const { to: text, json } = parseOptions(optionsSchema, rawOptions);
  const from = loadDatabasePath(io.environment());
  const to = readDatabaseLocation(text, '--to');
  if (isPostgresUrl(from) === isPostgresUrl(to)) throw sameKind(isPostgresUrl(to));
  const stop = listenForStop(io.signal);
  const progress = progressLine(io);
  const options = { signal: stop.signal, onProgress: progress.show };
  const startedAt = performance.now();
  const result = await (
    isPostgresUrl(to) ? copyToPostgres(from, to, options) : copyToSqlite(from, to, options)
  ).finally(() => {
    stop.release();
    progress.end();
  });
  const rows = result.tables.reduce((sum, table) => sum + table.rows, 0);
  const seconds = Number(((performance.now() - startedAt) / 1000).toFixed(1));
  const shown = { from: shownLocation(from), to: shownLocation(to) };
  if (json) {
    printJson(io, { ...shown, rows, seconds, ...result });
    return;
  }
  const { tables, replacedTexts } = result;
  io.stdout.write(
    `${rows} rows of ${tables.length} tables were copied from ${shown.from} to ${shown.to} in ${seconds} s; numbers and hashes of all tables are equal on both sides.\n`,
  );
  if (replacedTexts > 0)
    io.stdout.write(
      `${replacedTexts} texts held U+0000, which PostgreSQL cannot store: U+FFFD is in its place.\n`,
    );
  io.stdout.write('Now let DATABASE_URL name the copy, and start the service.\n');
}

function sameKind(arePostgres: boolean): ConfigError {
  return new ConfigError(
    'usage',
    arePostgres
      ? 'DATABASE_URL and --to both name PostgreSQL servers: copy with pg_dump and pg_restore.'
      : 'DATABASE_URL and --to both name files of SQLite: copy with the command backup.',
  );
}

/** One line that changes, where a person waits. */
function progressLine(io: Io) {
  const isTerminal = io.stderr.isTTY === true;
  let shownAt = -Infinity;
  return {
    show: ({ table, done, total }: CopyProgress) => {
      if (!isTerminal || performance.now() - shownAt < progressEveryMs) return;
      shownAt = performance.now();
      const what = done * 2 <= total ? 'copying' : 'comparing';
      io.stderr.write(`\r\x1b[K${percent(done / Math.max(total, 1))} ${what} ${table}`);
    },
    end: () => {
      if (shownAt > 0) io.stderr.write('\r\x1b[K');
    },
  };
}
