import { z } from 'zod';

import { thousands } from '../../lib/text.ts';
import { loadAgents } from '../../config.ts';
import { agentsJsonSchema, type AgentProfile } from '../../planning/agent-profiles.ts';
import { maxTokens } from '../../planning/fit.ts';
import type { Io } from '../io.ts';
import { parseOptions } from '../options.ts';
import { printJson, renderTable } from '../output.ts';

const optionsSchema = z.object({
  schema: z.boolean().default(false),
  json: z.boolean().default(false),
});

/** Prints the current agents, or the schema of `AGENTS_FILE`; the output of `--json` is a valid one. */
export function agents(io: Io, rawOptions: unknown): void {
  const options = parseOptions(optionsSchema, rawOptions);
  if (options.schema) {
    printJson(io, agentsJsonSchema());
    return;
  }
  const { file, asOf, agents: profiles } = loadAgents(io.environment());
  if (options.json) {
    printJson(io, { asOf, agents: profiles });
    return;
  }
  io.stdout.write(`${renderAgents(profiles)}\n`);
  const from = file ? 'From AGENTS_FILE' : 'Built in (AGENTS_FILE is not set)';
  io.stdout.write(`${from}${asOf === undefined ? '' : `; limits and prices as of ${asOf}`}.\n`);
}

function renderAgents(profiles: readonly AgentProfile[]): string {
  return renderTable(
    ['Agent', 'Enabled', 'Window', 'Largest issue', '$/MTok in', 'out', 'At once', 'Difficulties'],
    profiles.map((profile) => [
      profile.name,
      profile.enabled ? 'yes' : 'no',
      thousands(profile.contextWindow),
      thousands(maxTokens(profile)),
      prices(profile, 'inputPrice'),
      prices(profile, 'outputPrice'),
      String(profile.concurrency),
      profile.difficulties.join(', '),
    ]),
  );
}

function prices(profile: AgentProfile, price: 'inputPrice' | 'outputPrice'): string {
  const { longPrompts } = profile;
  if (longPrompts === undefined) return String(profile[price]);
  return `${profile[price]} (${longPrompts[price]} above ${thousands(longPrompts.above)})`;
}
