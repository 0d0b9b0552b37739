import type { variableNames } from '../../config-variables.ts';
import type { ExaminedConfig } from '../../config.ts';
import type { DoctorFinding } from './finding.ts';

/** Maximum number of problems listed; the others are only counted. */
const maxProblems = 20;

/** Every invalid variable at once, by name. */
export function configurationFinding({ problems }: ExaminedConfig): DoctorFinding {
  const name = 'configuration';
  if (problems.length === 0) return { name, mark: 'ok', text: 'Every variable is valid.' };
  const more = problems.length - maxProblems;
  const list = [
    ...problems.slice(0, maxProblems).map((problem) => `- ${problem}`),
    ...(more > 0 ? [`- and ${more} more`] : []),
  ];
  return {
    name,
    mark: 'broken',
    text: `${problems.length === 1 ? 'One problem' : `${problems.length} problems`}; the service would not start.`,
    cure: `Correct these in the environment or in .env:\n${list.join('\n')}`,
  };
}

/** Whether a variable, or the file it comes from, has a problem. */
export function isInvalid(
  { problems }: ExaminedConfig,
  name: (typeof variableNames)[number],
): boolean {
  return problems.some((problem) => new RegExp(`^${name}(_FILE)? `).test(problem));
}
