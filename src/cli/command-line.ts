import { runGates } from '../gates/run-gates.ts';
import { agents } from './commands/agents.ts';
import { backup } from './commands/backup.ts';
import { addDatabaseCommand } from './commands/database.ts';
import { addConnectCommand } from './connect/connect.ts';
import { demo } from './demo/demo.ts';
import { keepDemo, keepOptions } from './demo/world/keep.ts';
import { addGatesCommand } from './gates/gates.ts';
import { addDeliveriesCommand } from './commands/deliveries.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { addGraphCommand } from './commands/graph.ts';
import { issues } from './commands/issues.ts';
import type { Io } from './io.ts';
import { addPauseCommands } from './commands/pause.ts';
import { addPlanCommand } from './plan/plan.ts';
import { parseOptions } from './options.ts';
import { runProgram, type NewProgram } from './program.ts';
import { addQueueCommand } from './commands/queue.ts';
import { serve } from './commands/serve.ts';
import { addSetupCommand } from './commands/setup.ts';
import { addVerifyCommand } from './verify.ts';
import { addWorkCommand } from './work/work.ts';

/** Runs one command line; resolves to the exit code, and does not throw for a known error. */
export function runCommandLine(args: readonly string[], io: Io): Promise<number> {
  return runProgram(args, io, addCommands);
}

function addCommands({ program, io, end }: NewProgram): void {
  program
    .command('serve', { isDefault: true })
    .description('run the service (the default)')
    .option('--dry-run', 'log what would be written to Gitea, and write nothing')
    .action((options: { dryRun?: boolean }) => serve(io, { dryRun: options.dryRun === true }));
  program
    .command('demo')
    .description('run the service on recorded deliveries, print the plans, and exit')
    .option('--keep', 'open a world of issues, agents and people that goes on until Ctrl-C')
    .option('--speed <factor>', 'with --keep: seconds of the world in a second, 1 to 60', '20')
    .option('--seed <number>', 'with --keep: another story', '1')
    .action((options: { keep?: boolean }) =>
      options.keep === true ? keepDemo(io, parseOptions(keepOptions, options)) : demo(io),
    );
  program
    .command('issues')
    .description('show the plans in the database, or one plan')
    .argument('[ref]', 'owner/repository#number')
    .option('--state <state>', 'only plans in this state')
    .option('--limit <number>', 'maximum number of plans', '50')
    .option('--audit', 'only violations: stuck issues, issues with two claims, slots without work')
    .option('--json', 'the same JSON as the API')
    .action((ref: string | undefined, options: Record<string, unknown>) =>
      issues(io, ref, options),
    );
  program
    .command('agents')
    .description('show the agents that can get issues')
    .option('--schema', 'the JSON Schema of AGENTS_FILE')
    .option('--json', 'JSON that can be used as an AGENTS_FILE')
    .action((options: unknown) => agents(io, options));
  program
    .command('backup')
    .description('copy the database into a new file, whether the service runs or not')
    .argument('<file>', 'the file to make; one that exists is not overwritten')
    .action((file: string) => backup(io, file));
  addDatabaseCommand(program, io);
  addDeliveriesCommand(program, io);
  addPauseCommands(program, io);
  addQueueCommand(program, io);
  addGraphCommand(program, io);
  addPlanCommand(program, io);
  addGatesCommand(program, io, { runGates, end });
  addDoctorCommand(program, io, { end });
  addSetupCommand(program, io, end);
  addVerifyCommand(program, io);
  addConnectCommand(program, io);
  addWorkCommand(program, io, end);
}
