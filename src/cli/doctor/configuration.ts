import type { ExaminedConfig, variableNames } from '../../config.ts';
import type { DoctorFinding } from './finding.ts';

/** More problems than this are told by their number. */
const shownProblems = 20;

/** Every bad variable at once, by name. */
export function configurationFinding({ problems }: ExaminedConfig): DoctorFinding {
  const name = 'configuration';
  if (problems.length === 0) return { name, mark: 'ok', text: 'Every variable is right.' };
  const more = problems.length - shownProblems;
  const list = [
    ...problems.slice(0, shownProblems).map((problem) => `- ${problem}`),
    ...(more > 0 ? [`- and ${more} more`] : []),
  ];
  return {
    name,
    mark: 'broken',
    text: `${problems.length === 1 ? 'One thing is' : `${problems.length} things are`} wrong; the service would not start.`,
    cure: `Correct, in the environment or in .env (the README explains each variable):\n${list.join('\n')}`,
  };
}

/** Whether a variable, its file included, is among what is wrong. */
export function isWrong(
  { problems }: ExaminedConfig,
  name: (typeof variableNames)[number],
): boolean {
  return problems.some((problem) => new RegExp(`^${name}(_FILE)? `).test(problem));
}
