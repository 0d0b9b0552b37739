import { z } from 'zod';

import { coverageFigures } from '../names.ts';

/** Maximum entries of a list in the gates file, and characters of a text. */
export const maxEntries = 100;
const maxText = 2_000;

export const text = z.string().min(1).max(maxText);
/** A path or a glob, relative to the directory under check. It may not leave it. */
export const place = text.refine(
  (path) => !path.startsWith('/') && !path.split('/').includes('..'),
  'must be relative and may not contain ..',
);
export const places = z.array(place).max(maxEntries);

const percent = z.number().min(0).max(100);
export const thresholds = z
  .union([percent, z.partialRecord(z.enum(coverageFigures), percent)])
  .describe('Least coverage in percent, for all four figures or one by one.')
  .optional();
export const changed = percent
  .describe('Least percentage of the executable lines changed since the base that are covered.')
  .optional();

export const timeoutSeconds = z
  .int()
  .min(1)
  .max(86_400)
  .describe('Deadline in seconds; by default that of the command line, 300.')
  .optional();

export const command = z
  .union([text, z.array(text).min(1).max(maxEntries)])
  .describe('A text is run by sh -c, a list without a shell.');
export const environment = z
  .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string().max(maxText))
  .default({})
  .describe('Variables of the command, beside those that every tool gets.');
export const workingDirectory = place
  .default('.')
  .describe('Directory to run in, relative to the directory under check.');

export const stepObject = z.strictObject({
  command,
  in: workingDirectory,
  env: environment,
  timeoutSeconds,
});
/** A command that prepares the checkout; a text alone is `{command: text}`. */
const step = z
  .union([command, stepObject])
  .transform((given) =>
    typeof given === 'string' || Array.isArray(given)
      ? stepObject.parse({ command: given })
      : given,
  );
export const steps = z.array(step).max(maxEntries).default([]);
