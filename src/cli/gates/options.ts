import { statSync } from 'node:fs';

import { z } from 'zod';

import { builtInGates } from '../../gates/names.ts';
import { sandboxModes } from '../../gates/report.ts';
import { countOption } from '../options.ts';

export const sandboxes = [...sandboxModes, 'auto'] as const;
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

const ref = (option: string) =>
  z.string().regex(/^[^-\s][^\s]*$/, `${option} must name a branch, a tag or a commit`);
const directory = (option: string) =>
  z.string().refine(isDirectory, `${option} must name a directory that exists`);

/** What `gates` takes; every message names the option and the cure. */
export const gatesOptionsSchema = z
  .object({
    gate: z
      .array(z.enum(builtInGates, `--gate must be one or more of ${builtInGates.join(', ')}`))
      .optional(),
    base: ref('--base').optional(),
    configFrom: ref('--config-from').optional(),
    minCoverage: minCoverage.optional(),
    timeout: countOption('--timeout must be a whole number of seconds', 86_400).optional(),
    sandbox: z.enum(sandboxes, `--sandbox must be one of ${sandboxes.join(', ')}`).optional(),
    untrusted: z.boolean().default(false),
    toolsFrom: directory('--tools-from').optional(),
    json: z.boolean().default(false),
    junit: z.boolean().default(false),
  })
  .refine(({ json, junit }) => !(json && junit), '--json and --junit exclude each other: drop one')
  .refine(
    ({ gate, base }) => base !== undefined || gate?.includes('integrity') !== true,
    '--gate integrity needs --base REF to compare with',
  )
  .refine(
    ({ gate, base }) => base === undefined || gate === undefined || gate.includes('integrity'),
    '--base is for the integrity gate: add it to --gate, or drop --base',
  )
  .refine(
    ({ untrusted, sandbox }) => !untrusted || sandbox === undefined || sandbox === 'bwrap',
    '--untrusted needs --sandbox bwrap, which it also chooses by itself',
  )
  .refine(
    ({ untrusted, toolsFrom }) => !untrusted || toolsFrom !== undefined,
    '--untrusted needs --tools-from DIR: the tools in the checkout are part of what is not trusted',
  );
export type GatesCommandOptions = z.infer<typeof gatesOptionsSchema>;

/** Follows links; false where there is nothing. */
export function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
