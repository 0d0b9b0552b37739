import { statSync } from 'node:fs';

import { z } from 'zod';

import { sandboxModes } from '../../gates/report.ts';
import { countOption, repositoryName } from '../options.ts';

export const sandboxes = [...sandboxModes, 'auto'] as const;
export const annotationKinds = ['github', 'gitea', 'auto'] as const;
export const outputFormats = ['json', 'junit', 'sarif'] as const;
export type OutputFormat = (typeof outputFormats)[number];

/** Writes the report in one format. */
export interface OutputFile {
  readonly format: OutputFormat;
  readonly file: string;
}

const figures = ['lines', 'statements', 'functions', 'branches'] as const;

const percentMessage =
  '--min-coverage must be a number from 0 to 100, or figures such as lines=90,branches=80';
const percent = z
  .string()
  .regex(/^\d+(\.\d+)?$/)
  .transform(Number)
  .refine((value) => value <= 100);
const thresholds = z.union([percent, z.partialRecord(z.enum(figures), percent)]);
const minCoverage = z.string().transform((text, context) => {
  const parsed = thresholds.safeParse(text.includes('=') ? namedValues(text) : text);
  if (parsed.success) return parsed.data;
  context.addIssue(percentMessage);
  return z.NEVER;
});

function namedValues(text: string) {
  return Object.fromEntries(
    text.split(',').map((part) => {
      const [name = '', value] = part.split('=');
      return [name, value] as const;
    }),
  );
}

const outputMessage = `--output must be FORMAT=FILE, with a format of ${outputFormats.join(', ')}: --output junit=gates.xml`;
const output = z.string().transform((text, context) => {
  const [, name, file = ''] = /^(\w+)=(.+)$/s.exec(text) ?? [];
  const format = outputFormats.find((known) => known === name);
  if (format !== undefined) return { format, file };
  context.addIssue(outputMessage);
  return z.NEVER;
});

const ref = (option: string) =>
  z.string().regex(/^[^-\s][^\s]*$/, `${option} must name a branch, a tag or a commit`);
const directory = (option: string) =>
  z.string().refine(isDirectory, `${option} must name a directory that exists`);
const gateMessage = '--gate must be names of gates, separated by commas: --gate build,lint';
const variableMessage =
  '--pass-env must be names of variables, separated by commas: --pass-env HTTPS_PROXY,NO_PROXY';

const fields = z.object({
  gate: z.array(z.string().regex(/^[a-z][a-z0-9-]*$/, gateMessage)).optional(),
  base: ref('--base').optional(),
  configFrom: ref('--config-from').optional(),
  minCoverage: minCoverage.optional(),
  timeout: countOption('--timeout must be a whole number of seconds', 86_400).optional(),
  sandbox: z.enum(sandboxes, `--sandbox must be one of ${sandboxes.join(', ')}`).optional(),
  untrusted: z.boolean().default(false),
  toolsFrom: directory('--tools-from').optional(),
  install: z.boolean().default(true),
  passEnv: z.array(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, variableMessage)).optional(),
  network: z.boolean().default(false),
  all: z.boolean().default(false),
  json: z.boolean().default(false),
  junit: z.boolean().default(false),
  sarif: z.boolean().default(false),
  output: z.array(output).default([]),
  annotations: z
    .enum(annotationKinds, `--annotations must be one of ${annotationKinds.join(', ')}`)
    .optional(),
  status: z.boolean().default(false),
  repository: z.string().regex(repositoryName, '--repository must be owner/name').optional(),
  statusUrl: z
    .url({ protocol: /^https?$/, error: '--status-url must be an http or https URL' })
    .optional(),
  schema: z.boolean().default(false),
  init: z.boolean().default(false),
  force: z.boolean().default(false),
  writeBaseline: z.boolean().default(false),
});

type Fields = z.infer<typeof fields>;

/** Combinations that contradict each other, with the cure. */
const rules: readonly (readonly [isFine: (options: Fields) => boolean, message: string])[] = [
  [
    (options) => outputFormats.filter((format) => options[format]).length <= 1,
    '--json, --junit and --sarif exclude each other: keep one, and use --output FORMAT=FILE for the others',
  ],
  [
    ({ output }) => new Set(output.map(({ file }) => file)).size === output.length,
    '--output names one file twice: give each format a file of its own',
  ],
  [
    ({ gate, base }) => base !== undefined || gate?.includes('integrity') !== true,
    '--gate integrity needs --base REF to compare with',
  ],
  [
    ({ untrusted, sandbox }) => !untrusted || sandbox === undefined || sandbox === 'bwrap',
    '--untrusted needs --sandbox bwrap, which it also chooses by itself',
  ],
  [
    ({ untrusted, toolsFrom }) => !untrusted || toolsFrom !== undefined,
    '--untrusted needs --tools-from DIR: the tools in the checkout are part of what is not trusted',
  ],
  [
    ({ status, repository, statusUrl }) =>
      status || (repository === undefined && statusUrl === undefined),
    '--repository and --status-url are for --status: add it, or drop them',
  ],
  [
    ({ init, schema, writeBaseline }) => [init, schema, writeBaseline].filter(Boolean).length <= 1,
    '--init, --schema and --write-baseline exclude each other: keep one',
  ],
  [({ init, force }) => init || !force, '--force is for --init: add it, or drop --force'],
  [
    ({ writeBaseline, gate }) => !writeBaseline || gate === undefined,
    '--write-baseline writes the findings of all gates: drop --gate',
  ],
  [
    ({ writeBaseline, status, output, annotations, json, junit, sarif }) =>
      !writeBaseline ||
      !(status || json || junit || sarif || output.length > 0 || annotations !== undefined),
    '--write-baseline gives no verdict, and so no report and no --status: drop one',
  ],
];

/** What `gates` takes; every message names the option and the cure. */
export const gatesOptionsSchema = fields.superRefine((options, context) => {
  for (const [isFine, message] of rules)
    if (!isFine(options)) context.addIssue({ code: 'custom', message });
});
export type GatesCommandOptions = Fields;

/** Follows links; false where there is nothing. */
export function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
