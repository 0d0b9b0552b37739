import { Command, CommanderError } from 'commander';

import { readEnvironment, readVersion } from '../config.ts';
import { ConfigError, CoordinatorError } from '../errors.ts';
import type { Io } from './io.ts';

/** Exit codes as README.md lists them; `gates` and `doctor` have their own. */
export const exitCodes = { ok: 0, failed: 1, misconfigured: 2 } as const;

/** Streams and environment of this process. */
export function processIo(): Io {
  return { stdout: process.stdout, stderr: process.stderr, environment: readEnvironment };
}

/** A program to which commands are added; `end` of a command sets its exit code. */
export interface NewProgram {
  readonly program: Command;
  readonly io: Io;
  readonly end: (exitCode: number) => void;
}

/** Runs one command line; resolves to the exit code, and does not throw for a known error. */
export async function runProgram(
  args: readonly string[],
  io: Io,
  addCommands: (to: NewProgram) => void,
): Promise<number> {
  let exitCode: number = exitCodes.ok;
  const program = newProgram(io);
  addCommands({ program, io, end: (code) => (exitCode = code) });
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError)
      return error.exitCode === 0 ? exitCodes.ok : exitCodes.misconfigured;
    if (!(error instanceof CoordinatorError)) throw error;
    io.stderr.write(`mosaic-coordinator: ${error.message}\n`);
    return error instanceof ConfigError ? exitCodes.misconfigured : exitCodes.failed;
  }
}

function newProgram(io: Io): Command {
  return new Command('mosaic-coordinator')
    .description('Turns issues assigned to a bot in Gitea or Forgejo into stored, explained plans')
    .version(readVersion())
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
    });
}
