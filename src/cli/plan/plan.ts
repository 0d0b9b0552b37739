import type { Command } from 'commander';
import { z } from 'zod';

import { loadPlanConfig, type PlanConfig } from '../../config.ts';
import { ConfigError } from '../../errors.ts';
import { planWork } from '../../planning/plan-work.ts';
import { viewAssignment, viewWarning } from '../../issue/plan.ts';
import type { IssueText } from '../../issue/reading.ts';
import { parseRef } from '../../issue/ref.ts';
import { createLogger } from '../../log.ts';
import { readInput } from '../files.ts';
import type { Io } from '../io.ts';
import { parseOptions } from '../options.ts';
import { printJson } from '../output.ts';
import { backlogOptionsSchema, planRepository } from './backlog/backlog.ts';
import { planBatch } from './plan-batch.ts';
import { createPlanReader, cutBody } from './plan-reader.ts';
import { renderPlan } from './render-plan.ts';
import { edgesOfText } from './text-edges.ts';

const optionsSchema = z.object({
  json: z.boolean().default(false),
  ref: z.string().optional(),
  title: z.string().optional(),
  input: z.string().optional(),
  output: z.string().optional(),
});
type Options = z.infer<typeof optionsSchema>;

const ofBacklog = ['state', 'assignee', 'cache', 'mermaid', 'dot'] as const;
const ofTexts = ['ref', 'title', 'input', 'output'] as const;

/** `plan FILE.md|-` and `plan --repo owner/name` for people, `plan --input issues.jsonl --output predictions.jsonl` for scoring. */
export function addPlanCommand(program: Command, io: Io): void {
  program
    .command('plan')
    .description(
      'show the plan for the text of one issue, or for all of a repository, without the service',
    )
    .argument('[file]', 'Markdown file, or - for standard input')
    .option('--ref <ref>', 'issue of the text: owner/repository#number')
    .option('--title <title>', 'title of the issue (default: the first line, if it is a # heading)')
    .option('--json', 'the plan as JSON')
    .option('--input <file>', 'file of issues, one JSON object a line')
    .option('--output <file>', 'file for their predictions')
    .option(
      '--repo <owner/name>',
      'read the issues of a repository from GITEA_URL, and write nothing there',
    )
    .option('--state <state>', 'with --repo: open, closed or all (default: open)')
    .option('--assignee <login>', 'with --repo: only the issues of this user')
    .option('--mermaid', 'with --repo: the graph as Mermaid source')
    .option('--dot', 'with --repo: the graph for Graphviz')
    .option('--cache <folder>', "with --repo: where Claude's answers are kept")
    .addHelpText(
      'after',
      '\nClaude is asked if ISSUE_READER is claude, or if it is unset and ANTHROPIC_API_KEY is set.',
    )
    .action((file: string | undefined, options: RawOptions) =>
      options['repo'] === undefined
        ? planTexts(io, file, options)
        : planOfRepository(io, file, options),
    );
}

type RawOptions = Readonly<Record<string, unknown>>;

async function planOfRepository(
  io: Io,
  file: string | undefined,
  options: RawOptions,
): Promise<void> {
  if (file !== undefined || ofTexts.some((name) => options[name] !== undefined))
    throw new ConfigError(
      'usage',
      'plan --repo reads from Gitea: leave out the file, --ref, --title, --input and --output.',
    );
  await planRepository(io, parseOptions(backlogOptionsSchema, options));
}

async function planTexts(io: Io, file: string | undefined, options: RawOptions): Promise<void> {
  const foreign = ofBacklog.find((name) => options[name] !== undefined);
  if (foreign !== undefined) throw new ConfigError('usage', `--${foreign} needs --repo.`);
  await plan(io, file, parseOptions(optionsSchema, options));
}

async function plan(io: Io, file: string | undefined, options: Options): Promise<void> {
  const { input, output, ...single } = options;
  if (file !== undefined && input === undefined && output === undefined) {
    await planOne(io, file, options);
    return;
  }
  if (file !== undefined || input === undefined || output === undefined)
    throw new ConfigError(
      'usage',
      'plan needs a Markdown file or -, or --repo, or both --input and --output.',
    );
  if (single.json || single.ref !== undefined || single.title !== undefined)
    throw new ConfigError('usage', '--ref, --title and --json cannot be used with --input.');
  await planBatch(io, { config: loadPlanConfig(io.environment()), input, output });
}

async function planOne(io: Io, file: string, options: Options): Promise<void> {
  const config = loadPlanConfig(io.environment());
  const issue = issueOf(await readInput(file), options);
  const { text, reading: read } = await readOne(io, config, issue);
  const { reading, estimate, assignment } = planWork({ reading: read, profiles: config.agents });
  const planned = {
    title: issue.title,
    ...edgesOfText(issue, reading.dependencies),
    reading: { ...reading, warnings: reading.warnings.map(viewWarning) },
    estimate,
    assignment: {
      ...viewAssignment(assignment),
      warnings: assignment.warnings.map(viewWarning),
    },
    mentions: text.mentions,
    warnings: [...reading.warnings, ...assignment.warnings].map(viewWarning),
  };
  if (options.json) printJson(io, planned);
  else io.stdout.write(renderPlan({ ...planned, issue, declared: text.declared }, io));
}

async function readOne(io: Io, config: PlanConfig, issue: IssueText) {
  // The plan shows what Claude answered, so only errors are logged.
  const log = createLogger('error', io.stderr);
  const reader = createPlanReader({ config, log });
  const asking = config.claude !== undefined && io.stderr.isTTY === true;
  if (asking) io.stderr.write(`Asking ${config.claude.model} ...`);
  try {
    // Ctrl-C ends the process itself.
    return await reader.read(issue, new AbortController().signal);
  } finally {
    if (asking) io.stderr.write('\r\x1b[K');
  }
}

/** Placeholder for a text without an issue: a repository name that Gitea does not allow. */
const nowhere = { repository: '-/-', number: 0 };

function issueOf(source: string, options: Options): IssueText {
  const ref = options.ref === undefined ? nowhere : parseRef(options.ref);
  if (ref === undefined)
    throw new ConfigError('usage', 'Name an issue as owner/repository#number, in quotes.');
  const heading = options.title === undefined ? /^# (.{1,255})(?:\r?\n|$)/.exec(source) : null;
  return {
    ...ref,
    title: options.title ?? heading?.[1] ?? '',
    ...cutBody(source.slice(heading?.[0].length ?? 0)),
  };
}
