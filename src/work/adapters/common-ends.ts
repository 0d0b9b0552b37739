import { constants } from 'node:os';

import type { AgentEnd, AgentExit } from './adapter.ts';

type Verdict = Pick<AgentEnd, 'outcome' | 'message'>;

/** The end of a program that could not be started. */
export function startProblemEnd({ startProblem }: AgentExit): Verdict | undefined {
  return startProblem === undefined ? undefined : { outcome: 'setup_fault', message: startProblem };
}

/** The end of a program that the runner or a signal ended, whatever its lines said. */
export function stoppedEnd({ stopped, signal, code }: AgentExit): Verdict | undefined {
  if (stopped !== undefined) return { outcome: 'killed', message: stopSentences[stopped] };
  const name = signal ?? signalOf(code);
  return name === undefined
    ? undefined
    : { outcome: 'killed', message: `The agent was ended by ${name}.` };
}

const stopSentences = {
  stopped: 'The runner stopped the agent.',
  hung: 'The agent gave no sign of life, and was stopped.',
  flooded: 'The agent wrote more than the runner takes, and was stopped.',
} as const;

/** Programs, shells and launchers that a signal ends exit with 128 + its number. */
function signalOf(code: number | null): string | undefined {
  const { SIGHUP, SIGINT, SIGKILL, SIGSEGV, SIGABRT, SIGTERM } = constants.signals;
  const names = { SIGHUP, SIGINT, SIGKILL, SIGSEGV, SIGABRT, SIGTERM };
  return Object.entries(names).find(([, number]) => code === 128 + number)?.[0];
}
