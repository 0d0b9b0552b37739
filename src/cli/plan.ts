import { readFileSync } from 'node:fs';

import type { Command } from 'commander';
import { z } from 'zod';

import { loadAgents, loadTrackerUrl } from '../config.ts';
import { ConfigError, CoordinatorError, describeError } from '../errors.ts';
import type { AgentProfile } from '../issue/agent-profiles.ts';
import { thousands, type Estimate } from '../issue/estimate.ts';
import type { Mention } from '../issue/mentions.ts';
import { planWork } from '../issue/plan-work.ts';
import { readOffline } from '../issue/read-issue.ts';
import { readText } from '../issue/read-text.ts';
import type { IssueText, Reading } from '../issue/reading.ts';
import { parseRef } from '../issue/ref.ts';
import type { Io } from './io.ts';
import { parseOptions } from './list-options.ts';
import { painter, printable, printJson, type Paint } from './output.ts';
import { planBatch } from './plan-batch.ts';

/** What a text is read with. */
export interface PlanContext {
  readonly agentNames: readonly string[];
  readonly trackerUrl: string | undefined;
}

const optionsSchema = z.object({
  json: z.boolean().default(false),
  ref: z.string().optional(),
  title: z.string().optional(),
  input: z.string().optional(),
  output: z.string().optional(),
});
type Options = z.infer<typeof optionsSchema>;

/** `plan FILE.md|-` for people, `plan --input issues.jsonl --output predictions.jsonl` for scoring. */
export function addPlanCommand(program: Command, io: Io): void {
  program
    .command('plan')
    .description('show what the text of one issue comes to, without a service')
    .argument('[file]', 'Markdown file, or - for standard input')
    .option('--ref <ref>', 'whose text it is: owner/repository#number')
    .option('--title <title>', 'title of the issue; else the first line, if it is a # heading')
    .option('--json', 'the same as JSON')
    .option('--input <file>', 'issues, one JSON object a line')
    .option('--output <file>', 'where their predictions go')
    .action((file: string | undefined, options: unknown) =>
      plan(io, file, parseOptions(optionsSchema, options)),
    );
}

function plan(io: Io, file: string | undefined, options: Options): void {
  const environment = io.environment();
  const { agents } = loadAgents(environment);
  const agentNames = agents.map(({ name }) => name);
  const context = { agents, agentNames, trackerUrl: loadTrackerUrl(environment) };
  const { input, output } = options;
  if (file !== undefined && input === undefined && output === undefined)
    planOne(io, context, file, options);
  else if (file === undefined && input !== undefined && output !== undefined)
    planBatch(io, context, input, output);
  else
    throw new ConfigError('usage', 'Give plan a Markdown file or -, or both --input and --output.');
}

interface OneContext extends PlanContext {
  readonly agents: readonly AgentProfile[];
}

function planOne(io: Io, context: OneContext, file: string, options: Options): void {
  const issue = issueOf(readSource(file), options);
  const text = readText(issue, context);
  const read = readOffline(issue, context.agentNames, { ...context, text });
  const { reading, estimate, assignment } = planWork({ reading: read, profiles: context.agents });
  const planned = {
    title: issue.title,
    reading,
    estimate,
    assignment,
    mentions: text.mentions,
    warnings: [...reading.warnings, ...assignment.warnings],
  };
  if (options.json) printJson(io, planned);
  else io.stdout.write(render(planned, painter(io, io.stdout)));
}

function readSource(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw new CoordinatorError('input_unreadable', `Cannot read ${file}: ${describeError(error)}`);
  }
}

/** Longest body that is read, as in the service. */
const bodyLimit = 1_000_000;

function issueOf(source: string, options: Options): IssueText {
  const ref = options.ref === undefined ? undefined : parseRef(options.ref);
  if (options.ref !== undefined && ref === undefined)
    throw new ConfigError('usage', 'Name an issue as owner/repository#number, in quotes.');
  const heading = options.title === undefined ? /^# (.{1,255})(?:\r?\n|$)/.exec(source) : null;
  const body = source.slice(heading?.[0].length ?? 0);
  return {
    repository: ref?.repository ?? '',
    number: ref?.number ?? 0,
    title: options.title ?? heading?.[1] ?? '',
    body: body.slice(0, bodyLimit),
    bodyCut: body.length > bodyLimit,
  };
}

interface Planned {
  readonly title: string;
  readonly reading: Reading;
  readonly estimate: Estimate;
  readonly assignment: {
    readonly agent: string | null;
    readonly reason: { readonly text: string };
  };
  readonly mentions: readonly Mention[];
  readonly warnings: Reading['warnings'];
}

function render(
  { title, reading, estimate, assignment, mentions, warnings }: Planned,
  paint: Paint,
): string {
  const line = (name: string, value: string, source: string, evidence: string | null) =>
    `${name.padEnd(12)}${paint('bold', printable(value))}  ${paint('dim', printable(evidence === null ? source : `${source}: "${evidence}"`))}`;
  const { estimatedContext, difficulty, assignedAgent, factors } = reading;
  const range = `${thousands(estimate.low)} to ${thousands(estimate.high)}`;
  const named = Object.entries(factors).map(([name, value]) => `${name} ${value ?? '-'}`);
  const lines = [
    ...(title === '' ? [] : [paint('bold', printable(title)), '']),
    line(
      'Context',
      `${thousands(estimate.likely)} tokens (${range})`,
      estimatedContext.source,
      estimatedContext.evidence,
    ),
    line('Difficulty', difficulty.value, difficulty.source, difficulty.evidence),
    line(
      'Recommended',
      assignedAgent.value ?? 'nobody',
      assignedAgent.source,
      assignedAgent.evidence,
    ),
    line('Factors', named.join(', '), 'declared', null),
    line('Agent', assignment.agent ?? 'none', assignment.reason.text, null),
  ];
  if (mentions.length > 0) lines.push('', 'Issues it names:');
  for (const mention of mentions.slice(0, shownMentions)) lines.push(renderMention(mention, paint));
  if (mentions.length > shownMentions) lines.push(`  and ${mentions.length - shownMentions} more`);
  if (warnings.length > 0) lines.push('', 'Warnings:');
  for (const { code, text } of warnings)
    lines.push(`  ${paint('yellow', printable(text))} (${code})`);
  return `${lines.join('\n')}\n`;
}

const shownMentions = 200;
const shownEvidence = 100;

function renderMention(
  { repository, number, verdict, evidence, sentence }: Mention,
  paint: Paint,
): string {
  const ref = `${repository ?? ''}#${number}`.padEnd(8);
  const decided = verdict.kind === 'dependency' || verdict.kind === 'met';
  const quoted = printable(verdict.kind === 'undecided' ? sentence : evidence);
  const shown = quoted.length > shownEvidence ? `${quoted.slice(0, shownEvidence)}…` : quoted;
  const colour = decided ? 'green' : verdict.kind === 'ruled_out' ? 'red' : 'yellow';
  return `  ${ref} ${paint(colour, sayVerdict(verdict).padEnd(32))} ${paint('dim', `"${shown}"`)}`;
}

function sayVerdict(verdict: Mention['verdict']): string {
  switch (verdict.kind) {
    case 'dependency':
      return verdict.direction === 'blocks' ? 'waits for this issue' : 'this issue waits for it';
    case 'met':
      return 'was a dependency, is met';
    case 'ruled_out':
      return `no dependency: ${verdict.reason.replaceAll('_', ' ')}`;
    case 'undecided':
      return 'undecided';
  }
}
