import type { variableNames } from '../../config-variables.ts';
import type { ExaminedConfig } from '../../config.ts';
import { broken, ok, skipped, warning, type Outcome } from './finding.ts';

/** Maximum number of problems listed; the others are only counted. */
const maxProblems = 20;

/** Every invalid variable at once, by name. */
export function describeConfiguration({ problems }: ExaminedConfig): Outcome {
  if (problems.length === 0) return ok('Every variable is valid.');
  const more = problems.length - maxProblems;
  const list = [
    ...problems.slice(0, maxProblems).map((problem) => `- ${problem}`),
    ...(more > 0 ? [`- and ${more} more`] : []),
  ];
  return broken(
    `${problems.length === 1 ? 'One problem' : `${problems.length} problems`}; the service would not start.`,
    `Correct these in the environment or in .env:\n${list.join('\n')}`,
  );
}

/** Whether a variable, or the file it comes from, has a problem. */
export function isInvalid(
  { problems }: ExaminedConfig,
  name: (typeof variableNames)[number],
): boolean {
  return problems.some((problem) => new RegExp(`^${name}(_FILE)? `).test(problem));
}

/** The agents that can get issues. */
export function describeAgents({ agents }: ExaminedConfig, fromFile: boolean): Outcome {
  if (agents === undefined) return skipped('AGENTS_FILE is invalid; see configuration.');
  const enabled = agents.agents.filter((agent) => agent.enabled).map((agent) => agent.name);
  const from = fromFile ? 'from AGENTS_FILE' : 'built in';
  if (enabled.length > 0) return ok(`${enabled.join(', ')} (${from}).`);
  return warning(
    `No agent is enabled (${from}), so no issue can be assigned to an agent.`,
    'Enable an agent in the file that AGENTS_FILE names.',
  );
}
