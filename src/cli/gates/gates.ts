import { resolve } from 'node:path';

import type { Command } from 'commander';

import { ConfigError } from '../../errors.ts';
import { builtInGates } from '../../gates/names.ts';
import { parseOptions } from '../options.ts';
import type { Io } from '../io.ts';
import {
  annotationKinds,
  gatesOptionsSchema,
  isDirectory,
  outputFormats,
  sandboxes,
} from './options.ts';
import type { RunGates } from './run.ts';

const help = `
Without a gates file (.mosaic/gates.json), the gates are build (tsc), lint (eslint), test and coverage (vitest).
What the project does not use is no part of the verdict. --init proposes a gates file for any tool chain.

Exit codes:
  0    every gate that counts passed
  1    a gate failed: the checkout is at fault
  2    no verdict: an error, a timeout, or a wrong command line
  130  stopped by Ctrl-C (SIGINT); 143 by SIGTERM, 129 by SIGHUP`;

/** Adds `gates [dir]`; `end` receives the exit code. */
export function addGatesCommand(
  program: Command,
  io: Io,
  { runGates, end }: { readonly runGates: RunGates; readonly end: (exitCode: number) => void },
): void {
  const command = program
    .command('gates')
    .description('check a directory: build, lint, test, coverage, and with --base integrity')
    .argument('[dir]', 'directory to check', '.');
  addRunOptions(command);
  addReportOptions(command);
  command
    .addHelpText('after', help)
    .action(async (directory: string, given: unknown) =>
      end(await gates(io, { directory, given, runGates })),
    );
}

function addRunOptions(command: Command): void {
  command
    .option('--gate <names>', `only these: ${builtInGates.join(', ')}, or of the gates file`, split)
    .option('--base <ref>', 'git ref to compare with: integrity, coverage of changed lines')
    .option('--config-from <ref>', 'git ref to take the configuration of the tools from')
    .option('--min-coverage <percent>', 'for all figures, or lines=90,branches=80 (default: 85)')
    .option('--timeout <seconds>', 'deadline of one gate (default: 300), and of one step (600)')
    .option('--sandbox <mode>', `${sandboxes.join(', ')} (auto: the strictest that works here)`)
    .option('--untrusted', 'the code is hostile: only in bwrap, with the tools of --tools-from')
    .option('--tools-from <dir>', 'directory whose node_modules holds the tools')
    .option('--no-install', 'without the steps install and build of the gates file')
    .option('--pass-env <names>', 'variables that the commands of the gates file get', split)
    .option('--network', 'leave the network on for all tools, not for install alone')
    .option('--init', 'write a gates file for this project, and run nothing')
    .option('--force', 'with --init: overwrite the one that is there')
    .option('--schema', 'print the JSON Schema of the gates file, and run nothing')
    .option('--write-baseline', 'accept the findings of today: later runs fail for new ones');
}

function addReportOptions(command: Command): void {
  const formats = outputFormats.join(', ');
  command
    .option('--all', 'all findings, not the first of each gate')
    .option('--json', 'the report as JSON on standard output, in place of the table')
    .option('--junit', 'the same as JUnit XML')
    .option('--sarif', 'the same as SARIF 2.1.0')
    .option('--output <format=file>', `also write a file: ${formats}; may be repeated`, collect)
    .option('--annotations <forge>', `for the log of a CI job: ${annotationKinds.join(', ')}`)
    .option('--status', 'set commit statuses on Gitea (GITEA_URL, GITEA_TOKEN)')
    .option('--repository <owner/name>', 'with --status (default: that of the CI job)')
    .option(
      '--status-url <url>',
      'with --status: where they lead (default: the run of the CI job)',
    );
}

/** An option given several times collects all its names. */
function split(names: string, before: readonly string[] = []): readonly string[] {
  return [...before, ...names.split(',')];
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

export interface GatesRequest {
  readonly directory: string;
  /** Options from the command line, unchecked. */
  readonly given: unknown;
  readonly runGates: RunGates;
}

/** Does what the options ask for, and loads what that needs; resolves to the exit code. */
export async function gates(io: Io, { directory, given, runGates }: GatesRequest): Promise<number> {
  const options = parseOptions(gatesOptionsSchema, given);
  if (!isDirectory(directory))
    throw new ConfigError('usage', `There is no directory ${directory}: name the one to check.`);
  if (options.schema || options.init) {
    const { initGatesFile, printSchema } = await import('./gates-file.ts');
    return options.schema
      ? printSchema(io)
      : initGatesFile(io, { directory, force: options.force });
  }
  const { runAndReport } = await import('./run.ts');
  return runAndReport(io, { directory: resolve(directory), options, runGates });
}
