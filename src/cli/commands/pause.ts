import type { Command } from 'commander';
import { z } from 'zod';

import { findRepositoryId } from '../../plans/repository-names.ts';
import { loadAgents, loadDatabasePath } from '../../config.ts';
import { ConfigError, CoordinatorError } from '../../errors.ts';
import { parseRef } from '../../issue/ref.ts';
import { resumeIssue } from '../../claims/parking.ts';
import type { Database } from '../../db/database.ts';
import { accountOf, agentsOfAccount } from '../../planning/agent-profiles.ts';
import { addPause, endPauses, listPauses, type Pause } from '../../claims/pauses.ts';
import type { Io } from '../io.ts';
import { parseOptions } from '../options.ts';
import { printable } from '../output.ts';
import { withDatabase } from '../with-database.ts';

const optionsSchema = z.object({
  reason: z
    .string()
    .trim()
    .min(1, '--reason must not be empty')
    .max(500, '--reason must be at most 500 characters')
    .default('No reason was given.'),
});
const resumeOptionsSchema = z.object({ account: z.string().optional() });

/** `pause [agent]` and `resume [agent, account or issue]`, whether the service runs or not. */
export function addPauseCommands(program: Command, io: Io): void {
  program
    .command('pause')
    .argument('[agent]', 'one agent (default: the whole service)')
    .description('stop handing out issues; claimed issues continue')
    .option('--reason <reason>', 'reason, for others')
    .action((agent: string | undefined, options: unknown) => pause(io, agent, options));
  program
    .command('resume')
    .argument('[what]', 'an agent, or a parked issue as owner/repository#number')
    .description('end a pause, or return a parked issue to the queue')
    .option('--account <name>', 'all agents of an account, after a limit')
    .action((what: string | undefined, options: unknown) => resume(io, what, options));
}

async function pause(io: Io, name: string | undefined, rawOptions: unknown): Promise<void> {
  const { reason } = parseOptions(optionsSchema, rawOptions);
  const agent = knownAgent(io, name);
  await withDatabase(loadDatabasePath(io.environment()), async (db) => {
    const paused = { paused_by: 'command line', paused_at: Date.now(), until: null, caller: null };
    await addPause(db, { agent, reason, source: 'person', ...paused });
    await printPauses(io, db);
  });
}

async function resume(io: Io, what: string | undefined, rawOptions: unknown): Promise<void> {
  const { account } = parseOptions(resumeOptionsSchema, rawOptions);
  if (what !== undefined && account !== undefined)
    throw new ConfigError('usage', 'Name an agent or issue, or --account, not both.');
  const ref = what === undefined ? undefined : parseRef(what);
  const agent = ref === undefined ? knownAgent(io, what) : null;
  const named = agent === null ? null : [agent];
  const agents = account === undefined ? named : agentsWith(io, account);
  await withDatabase(loadDatabasePath(io.environment()), async (db) => {
    if (ref === undefined) {
      await endPauses(db, agents);
      await printPauses(io, db);
      return;
    }
    const repositoryId = await findRepositoryId(db, ref.repository);
    const issue = { repositoryId: repositoryId ?? 0, number: ref.number };
    const resumed =
      repositoryId !== undefined &&
      (await db
        .transaction()
        .execute((transaction) => resumeIssue(transaction, issue, Date.now())));
    if (!resumed)
      throw new CoordinatorError('not_parked', `${what} is not parked, or not in the database.`);
    io.stdout.write(`${what} is resumed; a running service sees it within a second.\n`);
  });
}

function agentsWith(io: Io, account: string): readonly string[] {
  const { agents } = loadAgents(io.environment());
  const names = agentsOfAccount(agents, account.toLowerCase());
  if (names.length > 0) return names;
  const accounts = [...new Set(agents.map(({ name }) => accountOf(agents, name)))].join(', ');
  throw new ConfigError('usage', `No agent has the account ${account}; there are ${accounts}.`);
}

function knownAgent(io: Io, name: string | undefined): string | null {
  if (name === undefined) return null;
  const { agents } = loadAgents(io.environment());
  const found = agents.find((agent) => agent.name === name.toLowerCase());
  if (found !== undefined) return found.name;
  const names = agents.map((agent) => agent.name).join(', ');
  throw new ConfigError('usage', `There is no agent ${name}; the profiles are ${names}.`);
}

async function printPauses(io: Io, db: Database): Promise<void> {
  const pauses = await listPauses(db, Date.now());
  const lines = pauses.length === 0 ? ['Nothing is paused.'] : pauses.map(describe);
  io.stdout.write(`${lines.map(printable).join('\n')}\n`);
}

function describe({ agent, caller, until, pausedBy, reason }: Pause): string {
  const what = `${agent ?? 'The whole service'}${caller === null ? '' : ` for ${caller}`}`;
  return `${what} is paused${until === null ? '' : ` until ${until}`}, by ${pausedBy}: ${reason}`;
}
