import { z } from 'zod';

import { difficulties } from '../issue/difficulty.ts';

/** Maximum number of profiles: more are a mistake, and Claude would get a long list each time. */
const maxProfiles = 50;

const name = z
  .string()
  .regex(
    /^[a-z][a-z0-9_-]{0,39}$/,
    'must be at most 40 of a-z, 0-9, - and _, and start with a letter',
  )
  .describe('What texts and labels call the agent: one lower-case word.');
const window = wholeNumber(1_000, 100_000_000);
const price = z
  .number('must be a number of US dollars')
  .min(0, 'must be 0 or more')
  .max(10_000, 'must be 10000 or less');

const capsSchema = z
  .strictObject({
    tokens: wholeNumber(1, 1_000_000_000_000)
      .optional()
      .describe('Tokens processed: read, from the cache too, and written.'),
    usd: z
      .number('must be a number of US dollars')
      .positive('must be above 0')
      .max(1_000_000, 'must be 1000000 or less')
      .optional()
      .describe('US dollars.'),
  })
  .refine(
    ({ tokens, usd }) => tokens !== undefined || usd !== undefined,
    'must name tokens or usd',
  );

/** What may be spent at the most; undefined: any amount. */
export type Caps = Readonly<z.infer<typeof capsSchema>>;

const longPromptsSchema = z.strictObject({
  above: window.describe('Prompts of more tokens than this cost the prices given here.'),
  inputPrice: price,
  outputPrice: price,
});

const profileSchema = z.strictObject({
  name,
  model: z
    .string()
    .regex(/^[\w.:@/-]{1,100}$/, 'must be the id of a model')
    .optional()
    .describe('The model behind it, for people.'),
  contextWindow: window.describe('Tokens of context it has in all.'),
  contextLimit: window
    .optional()
    .describe('Tokens it shall use at the most; the whole window when left out.'),
  harness: wholeNumber(0, 1_000_000)
    .optional()
    .describe(
      'Tokens of its context before it reads the first file, for instructions and tools: 15000 to 25000 as a rule; 0 when left out.',
    ),
  inputPrice: price.describe('US dollars per million tokens read; 0 for self-hosted.'),
  outputPrice: price.describe('US dollars per million tokens written.'),
  longPrompts: longPromptsSchema.optional().describe('Other prices for long prompts.'),
  difficulties: z
    .array(z.enum(difficulties, `must be one of ${difficulties.join(', ')}`))
    .min(1, 'must name at least one difficulty')
    .readonly()
    .describe('What it is trusted with, each once.'),
  default: z
    .boolean('must be true or false')
    .optional()
    .describe('Whether it gets issues of which nobody says how hard they are.'),
  concurrency: wholeNumber(1, 1_000).describe('Issues it may work on at once.'),
  account: name
    .optional()
    .describe('Agents of one account share its limits; its own name when left out.'),
  budget: z
    .strictObject({
      issue: capsSchema.optional().describe('For one issue, until a person changes it.'),
      day: capsSchema.optional().describe('For one day (UTC), over all issues.'),
    })
    .optional()
    .describe('What it may spend.'),
  enabled: z
    .boolean('must be true or false')
    .describe('Whether issues are given to it; its name is understood either way.'),
});

/** An agent that issues can be given to. Prices in US dollars per million tokens. */
export type AgentProfile = Readonly<z.infer<typeof profileSchema>>;

/** The names of the agents that share the limits of an account; none where no profile has it. */
export function agentsOfAccount(profiles: readonly AgentProfile[], account: string): string[] {
  const sharing = profiles.filter((profile) => accountOf(profiles, profile.name) === account);
  return sharing.map(({ name: agent }) => agent);
}

/** Whose allowance an agent uses: the account of its profile, or its own. */
export function accountOf(profiles: readonly AgentProfile[], agent: string): string {
  return profiles.find((profile) => profile.name === agent)?.account ?? agent;
}

const fileSchema = z.strictObject({
  $schema: z.string().optional().describe('For editors; not looked at.'),
  asOf: z
    .string()
    .regex(/^\d{4}-\d{2}(-\d{2})?$/, 'must be a date such as 2026-11 or 2026-11-24')
    .optional()
    .describe('When limits and prices were looked up.'),
  agents: z
    .array(profileSchema)
    .min(1, 'must hold at least one profile')
    .max(maxProfiles, `must hold at most ${maxProfiles} profiles`),
});

/** The profiles in force; `asOf` is when limits and prices were looked up. */
export interface Agents {
  readonly asOf?: string | undefined;
  readonly agents: readonly AgentProfile[];
}

/** Maximum number of problems reported at once. */
const maxProblems = 50;

/** The text of an `AGENTS_FILE` as profiles, or everything that is wrong with it, each with its place. */
export function parseAgents(text: string): Agents | { readonly problems: readonly string[] } {
  const json = parseJson(text);
  if (json === undefined) return { problems: ['it is not JSON'] };
  const parsed = fileSchema.safeParse(json);
  const problems = [
    ...(parsed.error?.issues.map(problemOf) ?? []),
    ...contradictions(looseFileSchema.parse(json).agents),
  ];
  if (!parsed.success || problems.length > 0) return { problems: problems.slice(0, maxProblems) };
  return { asOf: parsed.data.asOf, agents: parsed.data.agents };
}

/** What an `AGENTS_FILE` may hold, as JSON Schema. */
export function agentsJsonSchema() {
  return z.toJSONSchema(fileSchema, { io: 'input' });
}

/** As much of a file as can be compared, however wrong the rest of it is. */
const looseProfileSchema = z
  .object({
    name: z.string().optional().catch(undefined),
    contextWindow: z.number().optional().catch(undefined),
    contextLimit: z.number().optional().catch(undefined),
    harness: z.number().optional().catch(undefined),
    difficulties: z.array(z.unknown()).optional().catch(undefined),
    default: z.boolean().optional().catch(undefined),
    enabled: z.boolean().optional().catch(undefined),
  })
  .catch({});
const looseFileSchema = z.object({ agents: z.array(looseProfileSchema) }).catch({ agents: [] });
type LooseProfile = z.infer<typeof looseProfileSchema>;

/** What no single field shows. */
function contradictions(agents: readonly LooseProfile[]): string[] {
  const ofProfiles = agents.flatMap((profile, index) => {
    const { name: own, contextLimit = 0, contextWindow = Infinity } = profile;
    const { harness = 0, difficulties: words } = profile;
    const first = agents.findIndex((other) => other.name === own);
    return [
      ...(own !== undefined && first < index
        ? [`agents[${index}].name is that of agents[${first}] too: rename one`]
        : []),
      ...(contextLimit > contextWindow
        ? [`agents[${index}].contextLimit must not be above contextWindow`]
        : []),
      ...(harness > 0 && harness * 2 > (profile.contextLimit ?? contextWindow)
        ? [`agents[${index}].harness must leave half of contextWindow or contextLimit free`]
        : []),
      ...(new Set(words).size < (words?.length ?? 0)
        ? [`agents[${index}].difficulties must name each once only`]
        : []),
    ];
  });
  const defaults = agents.flatMap(({ default: chosen }, index) => (chosen === true ? [index] : []));
  const several =
    defaults.length > 1
      ? [`agents[${defaults.join('], agents[')}] are each the default: set default in one alone`]
      : [];
  const none = agents.length > 0 && agents.every(({ enabled }) => enabled === false);
  return none
    ? [
        ...ofProfiles,
        ...several,
        'agents has no profile that is enabled: set enabled to true in one',
      ]
    : [...ofProfiles, ...several];
}

type Issue = z.core.$ZodIssue;

function problemOf(issue: Issue): string {
  const place = issue.path.map((part) =>
    typeof part === 'number' ? `[${part}]` : `.${String(part)}`,
  );
  return `${place.join('').slice(1) || 'it'} ${messageOf(issue)}`;
}

const kinds: Readonly<Record<string, string>> = {
  object: 'an object in braces',
  array: 'a list in brackets',
  string: 'a text in quotes',
};
/** Maximum number of unknown keys named in one problem. */
const maxKeys = 10;

function messageOf(issue: Issue): string {
  if (issue.code === 'unrecognized_keys')
    return `has unknown keys, remove or correct them: ${issue.keys.slice(0, maxKeys).join(', ')}`;
  if (issue.code !== 'invalid_type' || !issue.message.startsWith('Invalid input'))
    return issue.message;
  if (issue.message.endsWith('undefined')) return 'is required';
  return `must be ${kinds[issue.expected] ?? issue.expected}`;
}

function wholeNumber(least: number, most: number) {
  const message = `must be a whole number from ${least} to ${most}`;
  return z.int(message).min(least, message).max(most, message);
}

function parseJson(text: string): unknown {
  try {
    // Editors on Windows put a byte order mark in front.
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    return undefined;
  }
}
