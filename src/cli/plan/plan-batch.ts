import { closeSync, openSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { z } from 'zod';

import { parseJson, thousands } from '../../lib/text.ts';
import type { ClaudeStatus } from '../../claude/client.ts';
import type { PlanConfig } from '../../config.ts';
import { ConfigError, CoordinatorError } from '../../errors.ts';
import { countsAsEdge, type Dependency, type Reading } from '../../issue/reading.ts';
import type { Source } from '../../issue/source.ts';
import { formatRef } from '../../issue/ref.ts';
import { createLogger } from '../../log.ts';
import { attempt, readInput } from '../files.ts';
import type { Io } from '../io.ts';
import { printable } from '../output.ts';
import { createPlanReader, cutBody } from './plan-reader.ts';

/** One line of the input: an issue, and other issues of the tracker. */
const inputSchema = z.object({
  id: z.string().min(1),
  repository: z.string(),
  number: z.int().positive(),
  title: z.string(),
  body: z.string(),
  knownIssues: z.array(z.object({ ref: z.string(), title: z.string() })).optional(),
});
type InputIssue = z.infer<typeof inputSchema>;

/** Number of issues read at the same time: while one waits for Claude, others continue. */
const concurrency = 4;

/**
 * Reads issues from a file of JSON lines, and writes one prediction a line, in the same order and at once:
 * when the command is stopped, the answers already paid for are kept.
 */
export async function planBatch(
  io: Io,
  {
    config,
    input,
    output,
  }: { readonly config: PlanConfig; readonly input: string; readonly output: string },
): Promise<void> {
  if (resolve(input) === resolve(output))
    throw new ConfigError('usage', '--output would overwrite --input: name another file.');
  const isTerminal = io.stderr.isTTY === true;
  const lines = parseLines(input, await readInput(input));
  const log = createLogger('error', io.stderr);
  const reader = createPlanReader({
    config,
    log,
    onPause: (ms) => io.stderr.write(`${isTerminal ? '\n' : ''}${pauseNotice(ms)}`),
  });
  const stopping = new AbortController();
  const { signal } = stopping;
  const failures: Failure[] = [];
  const unreadable: string[] = [];
  const cannotWrite = `Cannot write ${output}`;
  const file = attempt('output_unwritable', cannotWrite, () => openSync(output, 'w'));
  try {
    await inOrder(
      lines,
      async (line) => {
        const issue = { ...line, ...cutBody(line.body) };
        const { reading } = await reader.read(issue, signal, line.knownIssues);
        if (reading.unreadable !== null) unreadable.push(line.id);
        if (reading.outcome === 'fallback')
          failures.push({ id: line.id, reason: reading.reason ?? '' });
        return `${JSON.stringify(predict(line, reading))}\n`;
      },
      (prediction, index) => {
        signal.throwIfAborted();
        attempt('output_unwritable', cannotWrite, () => writeFileSync(file, prediction));
        if (isTerminal) io.stderr.write(progressBar(index + 1, lines.length));
      },
    );
  } finally {
    // When one fails, the others must stop.
    stopping.abort();
    closeSync(file);
    if (isTerminal && lines.length > 0) io.stderr.write('\n');
  }
  io.stderr.write(summary(lines.length, config.claude?.model, reader.claude?.status()));
  if (unreadable.length > 0) io.stderr.write(`Warning: not readable: ${named(unreadable)}\n`);
  io.stderr.write(describeFailures(failures));
}

/** Works on a few items at a time, and passes the results to `handOn` in the order of the items. */
async function inOrder<T>(
  items: readonly T[],
  work: (item: T) => Promise<string>,
  handOn: (result: string, index: number) => void,
): Promise<void> {
  const results = new Map<number, string>();
  const rest = items.entries();
  let next = 0;
  async function lane(): Promise<void> {
    for (const [index, item] of rest) {
      results.set(index, await work(item));
      for (let result = results.get(next); result !== undefined; result = results.get(next)) {
        results.delete(next);
        handOn(result, next);
        next += 1;
      }
    }
  }
  await Promise.all(Array.from({ length: concurrency }, lane));
}

/** Said while Claude is waited for. */
export function pauseNotice(ms: number): string {
  return `Claude does not answer; retrying in ${Math.ceil(ms / 1000)} s.\n`;
}

const barWidth = 30;

/** A bar that is drawn over the one before. */
export function progressBar(done: number, all: number): string {
  const filled = Math.round((done / all) * barWidth);
  return `\r[${'#'.repeat(filled)}${'.'.repeat(barWidth - filled)}] ${done}/${all}`;
}

/** How many issues were read, and what that took. */
export function summary(
  issues: number,
  model: string | undefined,
  status: ClaudeStatus | undefined,
) {
  if (model === undefined || status === undefined) return `Read ${issues} issues offline.\n`;
  const { calls, inputTokens, outputTokens, costDollars } = status;
  const cost = costDollars > 0 ? `$${costDollars.toFixed(4)}` : 'cost unknown';
  return `Read ${issues} issues with ${model}: ${calls} calls, ${thousands(inputTokens)} tokens in, ${thousands(outputTokens)} out, ${cost}.\n`;
}

export interface Failure {
  readonly id: string;
  readonly reason: string;
}

/** Maximum number of issues named for one reason. */
const maxNamed = 10;

/** Which issues Claude did not read, by reason. */
export function describeFailures(failures: readonly Failure[]): string {
  if (failures.length === 0) return '';
  const byReason = Map.groupBy(failures, ({ reason }) => reason);
  const lines = [...byReason].map(([reason, failed]) => {
    return `  ${reason} (${named(failed.map(({ id }) => id))})\n`;
  });
  return `Warning: ${failures.length} issues were read without Claude:\n${lines.join('')}`;
}

function named(ids: readonly string[]): string {
  const more = ids.length > maxNamed ? ', ...' : '';
  return `${ids.length}: ${ids.slice(0, maxNamed).map(printable).join(', ')}${more}`;
}

function parseLines(input: string, text: string): InputIssue[] {
  return text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return [];
    const parsed = inputSchema.safeParse(parseJson(line));
    if (parsed.success) return [parsed.data];
    const problem = z.prettifyError(parsed.error);
    throw new CoordinatorError(
      'input_invalid',
      `${input}:${index + 1} is not an issue:\n${problem}`,
    );
  });
}

/** Values from the text or from Claude alone: null where the value is calculated or a default. */
function predict({ id, repository }: InputIssue, reading: Reading) {
  const { difficulty, estimatedContext, assignedAgent, factors } = reading;
  // A proposal to block another issue is what the text says; what two readers disagree about is not.
  const dependencies = reading.dependencies.filter(
    (edge) => countsAsEdge(edge) || (edge.direction === 'blocks' && edge.standing === 'proposed'),
  );
  const refs = (direction: Dependency['direction']) =>
    dependencies
      .filter((edge) => edge.direction === direction)
      .map((edge) => formatRef({ ...edge, repository: edge.repository ?? repository }));
  return {
    id,
    blockedBy: refs('blocked_by'),
    blocks: refs('blocks'),
    difficulty: readValue(difficulty),
    estimatedContext: readValue(estimatedContext),
    assignedAgent: readValue(assignedAgent),
    factors: Object.values(factors).every((value) => value === null) ? null : factors,
  };
}

function readValue<T>({ value, source }: { readonly value: T; readonly source: Source }): T | null {
  return source === 'declared' || source === 'model' ? value : null;
}
