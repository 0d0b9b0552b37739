import { CoordinatorError } from '../../errors.ts';
import type { Checkout, TestRun, Tool, ToolName, ToolRun, Verdict } from '../gate.ts';

/** Judges by means of a tool; a tool that cannot be had is an error and not a failure. */
export async function withTool(
  checkout: Checkout,
  name: ToolName,
  judge: (tool: Tool) => Promise<Verdict>,
): Promise<Verdict> {
  return orMissing(async () => {
    const tool = await checkout.tool(name);
    return named(tool, await judge(tool));
  });
}

/** Judges the one run of the tests, alike. */
export async function withTestRun(
  checkout: Checkout,
  judge: (testRun: TestRun) => Verdict,
): Promise<Verdict> {
  return orMissing(async () => {
    const testRun = await checkout.testRun();
    return named(testRun.tool, judge(testRun));
  });
}

function named({ name, version }: Tool, verdict: Verdict): Verdict {
  return { tool: { name, version }, ...verdict };
}

async function orMissing(check: () => Promise<Verdict>): Promise<Verdict> {
  try {
    return await check();
  } catch (error) {
    if (!(error instanceof CoordinatorError) || error.code !== 'tool_missing') throw error;
    return { status: 'error', message: error.message };
  }
}

/** The verdict on a run that did not end by itself; undefined for one that did. */
export function verdictOnEnd(name: ToolName, run: ToolRun): Verdict | undefined {
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
      return { status: 'error', message: `${name} went beyond a limit. ${lastLine(run.stderr)}` };
    case 'not_started':
      return { status: 'error', message: `${name} could not be started: ${lastWords(run)}` };
  }
}

/** Where the runner notes which limit it was. */
function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1) ?? '';
}

/** What the tool had to say about its own trouble, on one line, for a person. */
export function lastWords(run: ToolRun, limit = 400): string {
  const words = (run.stderr.trim() || run.stdout.trim()).replace(/\s+/g, ' ');
  if (words === '') return `exit code ${run.exitCode ?? 'unknown'}, no output`;
  return words.length > limit ? `${words.slice(0, limit - 1)}…` : words;
}
