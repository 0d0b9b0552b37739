import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

import { Option, type Command } from 'commander';
import { z } from 'zod';

import { loadVerifierConfig, readVersion } from '../config.ts';
import { ConfigError } from '../errors.ts';
import { formatRef, parseRef } from '../issue/ref.ts';
import { createLogger } from '../log.ts';
import { createClient } from '../verifier/client.ts';
import { openVerifier } from '../verifier/open-verifier.ts';
import { runVerifier, verifyNext } from '../verifier/verifier.ts';
import { sandboxes } from './gates/options.ts';
import type { Io } from './io.ts';
import { listenForEnd, listenForStop } from './listen-for-stop.ts';
import { parseOptions } from './options.ts';
import { runProgram } from './program.ts';

const help = `
Reads COORDINATOR_URL and COORDINATOR_TOKEN (or COORDINATOR_TOKEN_FILE): a token with the role verifier, with a
REF one with the role operator.

The code under check is hostile. What each sandbox cannot hold back:
  bwrap    flaws of the kernel; network during the steps "install"
  unshare  also reading and writing every file that this user can
  none     also the network, other processes and their environment, such as the token of the verifier`;

const variableMessage =
  '--pass-env must be names of variables, separated by commas: --pass-env HTTPS_PROXY,NO_PROXY';

const verifyOptions = z.object({
  once: z.boolean().default(false),
  attached: z.boolean().default(false),
  directory: z
    .string()
    .min(1)
    .default(() => join(homedir(), '.cache', 'mosaic-coordinator', 'verifier')),
  sandbox: z.enum(sandboxes, `--sandbox must be one of ${sandboxes.join(', ')}`).default('auto'),
  passEnv: z
    .array(z.string().regex(/^(?!COORDINATOR_)[A-Za-z_][A-Za-z0-9_]*$/, variableMessage))
    .default([]),
});

/** Adds `verify`: takes verifications from the service and reports their verdicts. */
export function addVerifyCommand(program: Command, io: Io): void {
  program
    .command('verify')
    .description('run a verifier: check commits that agents call done, until stopped')
    .argument('[ref]', 'owner/repository#number: only ask the service to verify it again')
    .option('--once', 'verify at most one commit: wait once for it, and end')
    .option('--directory <dir>', 'for mirrors, packages and work (default: below ~/.cache)')
    .option('--sandbox <mode>', `${sandboxes.join(', ')} (auto: the strictest; never none)`)
    .option('--pass-env <names>', 'variables that the commands of gates files get', split)
    .addOption(
      new Option(
        '--attached',
        'end when the standard input ends: a service started this',
      ).hideHelp(),
    )
    .addHelpText('after', help)
    .action((ref: string | undefined, given: unknown) =>
      ref === undefined ? verify(io, given) : askAgain(io, ref),
    );
}

function split(names: string, before: readonly string[] = []): readonly string[] {
  return [...before, ...names.split(',')];
}

async function verify(io: Io, given: unknown): Promise<void> {
  const { once, attached, directory, sandbox, passEnv } = parseOptions(verifyOptions, given);
  const { url, token, logLevel } = loadVerifierConfig(io.environment());
  const log = createLogger(logLevel, io.stdout);
  const client = createClient({ url, token, random: Math.random });
  const input = attached ? listenForEnd() : undefined;
  const outside = [io.signal, input?.signal].filter((signal) => signal !== undefined);
  const stop = listenForStop(AbortSignal.any(outside), () => log.info('stopping'));
  try {
    const verifier = await openVerifier({
      ...{ directory: resolve(directory), sandbox, passEnvironment: passEnv },
      ...{ version: readVersion(), remoteOf: client.gitRemote, signal: stop.signal },
    });
    try {
      if (verifier.sandbox instanceof Error) log.error({ err: verifier.sandbox }, 'no sandbox');
      else log.info({ sandbox: verifier.sandbox, url }, 'waiting for verifications');
      const options = { client, verify: verifier.verify, log, random: Math.random };
      if (once) await verifyNext(options, stop.signal);
      else await runVerifier(options, stop.signal);
    } finally {
      await verifier.close();
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    stop.release();
    input?.release();
    await client.close();
  }
}

/** Asks the service to verify the last commit of an issue once more. */
async function askAgain(io: Io, text: string): Promise<void> {
  const ref = parseRef(text);
  if (ref === undefined)
    throw new ConfigError('usage', `${text} is no issue: name one as owner/repository#number.`);
  const { url, token } = loadVerifierConfig(io.environment());
  const client = createClient({ url, token, random: Math.random });
  const stop = listenForStop(io.signal);
  try {
    const id = await client.verifyAgain(ref, stop.signal);
    io.stdout.write(`${formatRef(ref)} is verified again: verification ${id}.\n`);
  } finally {
    stop.release();
    await client.close();
  }
}

/** Runs a command line that begins with `verify`, without loading what the service needs. */
export function runCommandLine(args: readonly string[], io: Io): Promise<number> {
  return runProgram(args, io, ({ program }) => addVerifyCommand(program, io));
}
