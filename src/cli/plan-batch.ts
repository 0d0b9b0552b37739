import { readFileSync, writeFileSync } from 'node:fs';

import { z } from 'zod';

import { CoordinatorError, describeError } from '../errors.ts';
import { readText, type KnownIssues } from '../issue/read-text.ts';
import { formatRef } from '../issue/ref.ts';
import type { IssueText } from '../issue/reading.ts';
import type { Io } from './io.ts';
import type { PlanContext } from './plan.ts';

/** One line of the input: an issue, and what the tracker holds around it. */
const lineSchema = z.object({
  id: z.string().min(1),
  repository: z.string(),
  number: z.int().positive(),
  title: z.string(),
  body: z.string(),
  knownIssues: z.array(z.object({ ref: z.string(), title: z.string() })).optional(),
});
type Line = z.infer<typeof lineSchema>;

/** Reads issues from a file of JSON lines, and writes one prediction a line. */
export function planBatch(io: Io, context: PlanContext, input: string, output: string): void {
  const lines = parseLines(input);
  const predictions = lines.map((line, index) => {
    if (io.stderr.isTTY === true) io.stderr.write(progress(index + 1, lines.length));
    return JSON.stringify(predict(line, context));
  });
  try {
    writeFileSync(output, predictions.map((line) => `${line}\n`).join(''));
  } catch (error) {
    throw new CoordinatorError(
      'output_unwritable',
      `Cannot write ${output}: ${describeError(error)}`,
    );
  }
  io.stderr.write(`${io.stderr.isTTY === true ? '\n' : ''}Read ${lines.length} issues.\n`);
}

const barWidth = 30;

function progress(done: number, all: number): string {
  const filled = Math.round((done / all) * barWidth);
  return `\r[${'#'.repeat(filled)}${'.'.repeat(barWidth - filled)}] ${done}/${all}`;
}

function parseLines(input: string): Line[] {
  let text: string;
  try {
    text = readFileSync(input, 'utf8');
  } catch (error) {
    throw new CoordinatorError('input_unreadable', `Cannot read ${input}: ${describeError(error)}`);
  }
  return text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return [];
    const parsed = lineSchema.safeParse(parseJson(line));
    if (parsed.success) return [parsed.data];
    const problem = z.prettifyError(parsed.error);
    throw new CoordinatorError('input_invalid', `${input}:${index + 1} is no issue:\n${problem}`);
  });
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** What the text alone declares: null where it says nothing. */
function predict(line: Line, { agentNames, trackerUrl }: PlanContext) {
  const issue: IssueText = { ...line, bodyCut: false };
  const known = line.knownIssues === undefined ? undefined : knownIssues(line.knownIssues);
  const { mentions, declared } = readText(issue, { agentNames, trackerUrl, known });
  const refs = (direction: 'blocked_by' | 'blocks') => {
    const found = mentions.filter(
      ({ verdict }) => verdict.kind === 'dependency' && verdict.direction === direction,
    );
    return [
      ...new Set(
        found.map(({ repository, number }) =>
          formatRef({ repository: repository ?? line.repository, number }),
        ),
      ),
    ];
  };
  const factors = {
    files: declared.files?.value ?? null,
    complexity: declared.complexity?.value ?? null,
    tests: declared.tests?.value ?? null,
    docs: declared.docs?.value ?? null,
  };
  return {
    id: line.id,
    blockedBy: refs('blocked_by'),
    blocks: refs('blocks'),
    difficulty: declared.difficulty?.value ?? null,
    estimatedContext: declared.total?.value ?? null,
    assignedAgent: declared.agent?.value ?? null,
    factors: Object.values(factors).every((value) => value === null) ? null : factors,
  };
}

/** The issues listed beside a text, as the tracker. */
export function knownIssues(
  rows: readonly { readonly ref: string; readonly title: string }[],
): KnownIssues {
  const refs = new Set(rows.map(({ ref }) => ref.toLowerCase()));
  return {
    has: (ref) => refs.has(ref.toLowerCase()),
    refsWithCode: (code) => {
      const whole = new RegExp(`(?<![\\w-])${code}(?![\\w-])`);
      return rows.filter(({ title }) => whole.test(title)).map(({ ref }) => ref);
    },
  };
}
