import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { ConfigError } from '../../errors.ts';
import { proposeGatesFile, type ProposedGatesFile } from '../../gates/gates-file/init/init.ts';
import { printGatesFile } from '../../gates/gates-file/init/print-gates-file.ts';
import { gatesFileJsonSchema } from '../../gates/gates-file/json-schema.ts';
import { gatesFilePath } from '../../gates/gates-file/schema.ts';
import { attempt } from '../files.ts';
import type { Io } from '../io.ts';
import { printable, printJson, wrap } from '../output.ts';

/** Prints the JSON Schema of the gates file; resolves to the exit code. */
export function printSchema(io: Io): number {
  printJson(io, gatesFileJsonSchema());
  return 0;
}

export interface NewGatesFile {
  readonly directory: string;
  /** True to overwrite one that is there. */
  readonly force: boolean;
}

/** Writes a gates file that the project's own files suggest, with notes on what to decide; resolves to the exit code. */
export async function initGatesFile(io: Io, { directory, force }: NewGatesFile): Promise<number> {
  const path = join(directory, gatesFilePath);
  const proposed = await proposeGatesFile(directory);
  const names = gateNames(proposed);
  if (names.length === 0) {
    io.stderr.write(`${gatesFilePath} was not written.\n${renderNotes(io, proposed)}`);
    return 2;
  }
  if (!force && existsSync(path))
    throw new ConfigError('usage', `${path} is there already: --force overwrites it.`);
  attempt('output_unwritable', `Cannot write ${path}`, () => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, printGatesFile(proposed.file));
  });
  io.stdout.write(
    `Wrote ${gatesFilePath}, with the gates ${names.join(', ')}.\n${renderNotes(io, proposed)}Read it, try it with \`gates\`, and commit it: with --base it is read from the base, so it holds from then on.\n`,
  );
  return 0;
}

function gateNames({ file }: ProposedGatesFile): readonly string[] {
  const gates = 'gates' in file ? file.gates : undefined;
  return typeof gates === 'object' && gates !== null ? Object.keys(gates) : [];
}

function renderNotes(io: Io, { notes }: ProposedGatesFile): string {
  const width = Math.max(40, io.stdout.columns ?? 100);
  return notes.map((note) => `  - ${wrap(printable(note), width - 4).join('\n    ')}\n`).join('');
}
