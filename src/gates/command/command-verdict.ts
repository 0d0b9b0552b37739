import type { ToolRun, Verdict } from '../gate.ts';
import { lastWords, verdictOnEnd } from '../tools/tool-verdict.ts';
import { missingProgram } from './command-program.ts';

interface EndedCommand {
  readonly command: string | readonly string[];
  readonly run: ToolRun;
}

/** The verdict on a command that did not end by itself, or that could not find a program. */
export function couldNotRun({ command, run }: EndedCommand): Verdict | undefined {
  const ended = verdictOnEnd(commandWords(command), run);
  if (ended !== undefined) return ended;
  const missing = missingIn(run);
  if (missing !== undefined) return { status: 'error', message: missingProgram(missing) };
  if (run.exitCode !== 126 && run.exitCode !== 127) return undefined;
  return { status: 'error', message: `${commandWords(command)} could not run: ${lastWords(run)}` };
}

/** The program that a shell did not find; it ends with 127 then. */
function missingIn({ exitCode, stderr }: ToolRun): string | undefined {
  if (exitCode !== 127) return undefined;
  return /: (?:line )?(?:\d+: )?([^\s:]+): (?:command )?not found/.exec(stderr)?.[1];
}

/** The verdict of the exit code alone. */
export function exitCodeVerdict({ command, run }: EndedCommand): Verdict {
  if (run.exitCode === 0) return { status: 'passed', message: 'Exit code 0.' };
  const message = `${commandWords(command)} ended with exit code ${run.exitCode}: ${lastWords(run)}`;
  return { status: 'failed', message };
}

/** Maximum characters of a command in a message. */
const maxWords = 100;

/** A command as messages name it. */
export function commandWords(command: string | readonly string[]): string {
  const words = typeof command === 'string' ? command : command.join(' ');
  const line = words.replace(/\s+/g, ' ');
  return line.length > maxWords ? `${line.slice(0, maxWords - 1)}…` : line;
}
