import { CoordinatorError } from '../../errors.ts';
import type { Checkout, TestRun, Tool, ToolName, ToolRun, Verdict } from '../gate.ts';

/** The verdict of a gate that uses a tool; a missing tool is an error, not a failure, and one that the project does not use is no part of the verdict. */
export async function withTool(
  checkout: Checkout,
  name: ToolName,
  verdictOf: (tool: Tool) => Promise<Verdict>,
): Promise<Verdict> {
  return orMissing(async () => {
    const tool = await checkout.tool(name);
    return named(tool, await verdictOf(tool));
  });
}

/** The verdict of a gate on the shared run of the tests; a missing tool is an error here too. */
export async function withTestRun(
  checkout: Checkout,
  verdictOf: (testRun: TestRun) => Promise<Verdict>,
): Promise<Verdict> {
  return orMissing(async () => {
    const testRun = await checkout.testRun();
    return named(testRun.tool, await verdictOf(testRun));
  });
}

function named({ name, version }: Tool, verdict: Verdict): Verdict {
  return { tool: { name, version }, ...verdict };
}

async function orMissing(check: () => Promise<Verdict>): Promise<Verdict> {
  try {
    return await check();
  } catch (error) {
    if (!(error instanceof CoordinatorError) || !toolCodes.includes(error.code)) throw error;
    const { message } = error;
    if (error.code === 'tool_unused') return { status: 'skipped', counts: false, message };
    return { status: 'error', message };
  }
}

/** Codes of errors that are about a tool and no fault of the gates. */
const toolCodes = ['tool_missing', 'tool_unsupported', 'tool_unused'];

/** Detail of a verdict on a tool that was stopped for what it wrote, forked or used: the code under check is at fault. */
export const beyondLimit = 'beyondLimit';

/** The verdict on a run that was stopped; undefined for one that ended by itself. */
export function verdictOnEnd(name: string, run: ToolRun): Verdict | undefined {
  switch (run.end) {
    case 'exited':
      return undefined;
    case 'timeout':
      return {
        status: 'timeout',
        message: `${name} did not end within ${(run.durationMs / 1000).toFixed(0)} s and was stopped.`,
      };
    case 'cancelled':
      return { status: 'error', message: `${name} was stopped: the check was cancelled.` };
    case 'killed':
      return {
        status: 'error',
        message: `${name} was killed from outside, most likely for want of memory.`,
      };
    case 'flooded':
      return {
        status: 'error',
        message: `${name} went beyond a limit. ${lastLine(run.stderr)}`,
        details: { [beyondLimit]: true },
      };
    case 'not_started':
      return { status: 'error', message: `${name} could not be started: ${lastWords(run)}` };
  }
}

/** The last line, in which the runner names the limit. */
function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1) ?? '';
}

/** The output of a tool about its own problem, on one line, for people. */
export function lastWords(run: ToolRun, limit = 400): string {
  const words = (run.stderr.trim() || run.stdout.trim()).replace(/\s+/g, ' ');
  if (words === '') return `exit code ${run.exitCode ?? 'unknown'}, no output`;
  return words.length > limit ? `${words.slice(0, limit - 1)}…` : words;
}
