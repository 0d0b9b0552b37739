import { homedir } from 'node:os';
import { join } from 'node:path';

import { z } from 'zod';

import { adapterNames } from '../../work/adapters/adapter.ts';
import { templateProblem } from '../../work/workspace/clone-url.ts';
import { countOption, repositoryOption } from '../options.ts';

const workSandboxes = ['auto', 'bwrap', 'none'] as const;

/** Three weeks; a timer of Node takes less than 25 days. */
const maxMinutes = 30_000;

/** An agent that hangs, or goes round in circles, does not hold its issue for ever. */
const usualMinutes = 480;

const amount = (option: string) =>
  z.coerce.number(`${option} must be a number above 0`).positive(`${option} must be above 0`);

export const workOptions = z.object({
  agent: z.array(z.string().min(1).max(100)).optional(),
  repo: z.array(repositoryOption).optional(),
  jobs: countOption('--jobs must be a whole number', 64).default(1),
  once: z.boolean().default(false),
  adapter: z.enum(adapterNames, `--adapter must be one of ${adapterNames.join(', ')}`).optional(),
  directory: z
    .string()
    .min(1)
    .default(() => join(homedir(), '.local', 'share', 'mosaic-coordinator', 'work')),
  model: z
    .string()
    .regex(/^[\w.:@/-]{1,100}$/, '--model must be the id of a model')
    .optional(),
  sandbox: z
    .enum(workSandboxes, `--sandbox must be one of ${workSandboxes.join(', ')}`)
    .default('auto'),
  maxMinutes: amount('--max-minutes')
    .max(maxMinutes, `--max-minutes must be at most ${maxMinutes}`)
    .default(usualMinutes),
  maxTokens: amount('--max-tokens').optional(),
  maxCost: amount('--max-cost').optional(),
  cloneUrl: z
    .string()
    .superRefine((template, context) => {
      const problem = templateProblem(template);
      if (problem !== undefined) context.addIssue(problem);
    })
    .optional(),
  allowProjectSettings: z.boolean().default(false),
});
export type WorkOptions = z.infer<typeof workOptions>;
