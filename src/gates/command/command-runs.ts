import { lstat, realpath, unlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

import { CoordinatorError } from '../../errors.ts';
import type { Checkout, ToolRun } from '../gate.ts';
import { reportKinds, type CommandGate } from '../gates-file/schema.ts';
import type { GateName } from '../names.ts';

/** The one run of a command, which all gates share that read one of its reports. */
export interface CommandRun {
  readonly command: string | readonly string[];
  /** Absolute directory that the command ran in; its reports are named relative to it. */
  readonly ranIn: string;
  readonly run: ToolRun;
  /** Text of each report by its name in the gates file, read at once: a later command may write the same file. */
  readonly reports: ReadonlyMap<string, string | undefined>;
}

export type CommandRuns = (checkout: Checkout, name: GateName) => Promise<CommandRun>;

/** Runs the command of each gate at most once. `isTracked` tells whether git tracks a file, so that it is not deleted. */
export function createCommandRuns(
  gates: ReadonlyMap<GateName, CommandGate>,
  isTracked: (path: string) => Promise<boolean>,
): CommandRuns {
  const runs = new Map<GateName, Promise<CommandRun>>();

  async function start(checkout: Checkout, name: GateName): Promise<CommandRun> {
    const gate = gates.get(name);
    const command = gate?.command;
    if (gate === undefined || command === undefined) throw new Error(`${name} has no command`);
    const ranIn = join(checkout.directory, gate.in);
    const files = reportsOf(gates, name);
    for (const report of files) await clear(join(gate.in, report), { checkout, isTracked });
    const { env } = gate;
    const run = await checkout.runCommand({ command, in: gate.in, env });
    const reports = new Map<string, string | undefined>();
    for (const file of files)
      reports.set(file, await checkout.readReport(join(ranIn, file), run.startedAt));
    return { command, ranIn, run, reports };
  }

  return (checkout, name) => {
    const run = runs.get(name) ?? start(checkout, name);
    runs.set(name, run);
    return run;
  };
}

/** All reports of one run: its own, and those that other gates read. */
function reportsOf(gates: ReadonlyMap<GateName, CommandGate>, name: GateName): readonly string[] {
  const readers = [...gates].filter(([each, { reportOf }]) => each === name || reportOf === name);
  return readers.flatMap(([, gate]) => reportKinds.flatMap((kind) => gate[kind] ?? []));
}

/** A report is not there before the run: one that an earlier run left could pass for its own. */
async function clear(
  path: string,
  {
    checkout: { directory },
    isTracked,
  }: {
    readonly checkout: Checkout;
    readonly isTracked: (path: string) => Promise<boolean>;
  },
): Promise<void> {
  const file = join(directory, path);
  const parent = await realpath(dirname(file)).catch(() => undefined);
  if (parent === undefined || (await lstat(file).catch(() => undefined)) === undefined) return;
  if (relative(await realpath(directory), parent).startsWith('..'))
    throw new ReportUnusable(`The report ${path} is outside of the checkout: remove the link.`);
  if (await isTracked(path))
    throw new ReportUnusable(
      `The report ${path} is a file that git tracks, and would be overwritten: name a file that git ignores.`,
    );
  await unlink(file).catch((cause: unknown) => {
    throw new ReportUnusable(`The report ${path} of an earlier run cannot be deleted.`, { cause });
  });
}

/** A report that the gates file names cannot be written by the command. The message says what to do. */
class ReportUnusable extends CoordinatorError {
  constructor(message: string, options?: ErrorOptions) {
    super('report_unusable', message, options);
    this.name = 'ReportUnusable';
  }
}
