import type { Estimate } from '../issue/estimate.ts';
import { thousands } from '../lib/text.ts';
import type { AgentProfile, Agents } from './agent-profiles.ts';
import {
  expectedCost,
  failingRules,
  lacksRoom,
  mostTokens,
  usableTokens,
  type Failing,
  type Work,
} from './fit.ts';
import type { Reading, Warning } from '../issue/reading.ts';

/**
 * Limits and prices as published in November 2026. glm and minimax are self-hosted: off, so that nobody
 * is given an agent that nobody runs.
 */
export const builtInAgents: readonly AgentProfile[] = [
  {
    name: 'opus',
    model: 'claude-opus-5-5',
    contextWindow: 1_000_000,
    inputPrice: 4,
    outputPrice: 20,
    difficulties: ['low', 'medium', 'high'],
    concurrency: 4,
    enabled: true,
  },
  {
    name: 'sonnet',
    model: 'claude-sonnet-5-5',
    contextWindow: 1_000_000,
    inputPrice: 2,
    outputPrice: 10,
    difficulties: ['low', 'medium'],
    concurrency: 4,
    enabled: true,
  },
  {
    name: 'haiku',
    model: 'claude-haiku-5-5',
    contextWindow: 1_000_000,
    inputPrice: 0.1,
    outputPrice: 0.5,
    longPrompts: { above: 100_000, inputPrice: 0.5, outputPrice: 2.5 },
    difficulties: ['low'],
    concurrency: 4,
    enabled: true,
  },
  {
    name: 'glm',
    contextWindow: 128_000,
    inputPrice: 0,
    outputPrice: 0,
    difficulties: ['low', 'medium'],
    concurrency: 1,
    enabled: false,
  },
  {
    name: 'minimax',
    contextWindow: 128_000,
    inputPrice: 0,
    outputPrice: 0,
    difficulties: ['low'],
    concurrency: 1,
    enabled: false,
  },
];

/** The built-in profiles, with the month their limits and prices are from. */
export const builtIn: Agents = { asOf: '2026-11', agents: builtInAgents };

/** The agent chosen and why, or why none fits. */
export interface Assignment {
  readonly agent: string | null;
  readonly reason: { readonly code: string; readonly text: string };
  readonly warnings: readonly Warning[];
}

/** What of a reading the choice follows from. */
export type ReadForChoice = Pick<Reading, 'difficulty' | 'assignedAgent'>;

/**
 * Gives the issue to an agent that fits (enabled, trusted with the difficulty, large enough): the one a
 * label names, else the one the text declares, else the cheapest by expected cost, ties by profile order.
 * A person's choice that does not fit is refused with a warning; what Claude suggests decides nothing.
 */
export function assignAgent(
  reading: ReadForChoice,
  estimate: Estimate,
  profiles: readonly AgentProfile[],
  labels: readonly string[] = [],
): Assignment {
  const work = { difficulty: reading.difficulty.value, estimate };
  const { wishes, warnings: unclear } = wishesOf(reading, profiles, labels);
  const judged = wishes.map((wish) => ({ ...wish, failing: failingRules(wish.profile, work) }));
  const refused = judged.filter(({ failing }) => failing.length > 0).map(refusal);
  const granted = judged.find(({ failing }) => failing.length === 0);
  const chosen = granted?.profile ?? cheapestFit(profiles, work);
  const warnings = [
    ...unclear,
    ...refused,
    ...suggestionIgnored(reading, chosen),
    ...formulaExceeds(estimate, chosen, profiles),
  ];
  if (chosen === undefined)
    return {
      agent: null,
      reason: { code: 'no_agent_fits', text: noAgentFits(profiles, work) },
      warnings,
    };
  const reason =
    granted === undefined
      ? {
          code: 'cheapest_fit',
          text: `${chosen.name} is the cheapest agent that fits ${work.difficulty} difficulty and ${thousands(estimate.likely)} tokens.`,
        }
      : { code: grantedCodes[granted.by], text: `${said(granted)}, and it fits.` };
  return { agent: chosen.name, reason, warnings };
}

function cheapestFit(profiles: readonly AgentProfile[], work: Work): AgentProfile | undefined {
  return profiles
    .filter((profile) => failingRules(profile, work).length === 0)
    .sort((a, b) => expectedCost(a, work) - expectedCost(b, work))[0];
}

/** An agent that a person asks for. */
interface Wish {
  readonly by: 'label' | 'text';
  readonly profile: AgentProfile;
}

const grantedCodes = { label: 'label_agent', text: 'declared_agent' } as const;

function said({ by, profile }: Wish): string {
  return by === 'label'
    ? `A label asks for ${profile.name}`
    : `The text recommends ${profile.name}`;
}

function wishesOf(
  { assignedAgent }: ReadForChoice,
  profiles: readonly AgentProfile[],
  labels: readonly string[],
): { wishes: Wish[]; warnings: Warning[] } {
  const asked = new Set(labels.flatMap(agentOfLabel));
  const known = profiles.filter(({ name }) => asked.has(name));
  const unknown = [...asked].filter((name) => !known.some((profile) => profile.name === name));
  const [byLabel, ...others] = known;
  const declared =
    assignedAgent.source === 'declared'
      ? profiles.find(({ name }) => name === assignedAgent.value)
      : undefined;
  return {
    wishes: [
      ...(byLabel === undefined ? [] : [{ by: 'label' as const, profile: byLabel }]),
      ...(declared === undefined ? [] : [{ by: 'text' as const, profile: declared }]),
    ],
    warnings: [
      ...unknown.slice(0, mostUnknown).map((name) => unknownAgent(name, profiles)),
      ...(byLabel === undefined || others.length === 0 ? [] : [labelsDiffer(byLabel, others)]),
    ],
  };
}

/** Unknown agents that are named, each in a warning of its own. */
const mostUnknown = 3;

/** `agent:NAME` and `agent/NAME`, whatever the case; names are plain words, so that texts may show them. */
function agentOfLabel(label: string): string[] {
  const name = /^\s*agent\s*[:/]\s*([\w-]{1,40})\s*$/i.exec(label)?.[1];
  return name === undefined ? [] : [name.toLowerCase()];
}

function unknownAgent(name: string, profiles: readonly AgentProfile[]): Warning {
  const names = profiles.map((profile) => profile.name).join(', ');
  return {
    code: 'label_agent_unknown',
    text: `A label asks for the agent ${name}, which is not among ${names}.`,
  };
}

function labelsDiffer(first: AgentProfile, others: readonly AgentProfile[]): Warning {
  const names = others.map(({ name }) => name).join(', ');
  return {
    code: 'label_agents_differ',
    text: `Labels ask for several agents: ${first.name} counts, which stands first among the profiles, not ${names}.`,
  };
}

function refusal(wish: Wish & { readonly failing: readonly Failing[] }): Warning {
  const why = wish.failing.map(({ text }) => text).join(' and ');
  const what = wish.by === 'label' ? 'label_agent' : 'declared_agent';
  const code = lacksRoom(wish.failing) ? `${what}_cannot_hold` : `${what}_refused`;
  return { code, text: `${said(wish)}, but it ${why}.` };
}

function suggestionIgnored(
  { assignedAgent }: ReadForChoice,
  chosen: AgentProfile | undefined,
): Warning[] {
  const { source, value } = assignedAgent;
  if (source !== 'model' || value === null || value === chosen?.name) return [];
  return [
    {
      code: 'suggested_agent_ignored',
      text: `Claude suggests ${value}, which neither a label nor the text asks for: ${chosen?.name ?? 'no agent'} is chosen.`,
    },
  ];
}

function formulaExceeds(
  { formula, likely }: Estimate,
  chosen: AgentProfile | undefined,
  profiles: readonly AgentProfile[],
): Warning[] {
  if (chosen === undefined || formula === null || formula <= likely) return [];
  const most = mostTokens(chosen);
  if (formula <= most) return [];
  const any = profiles.some((profile) => profile.enabled && mostTokens(profile) >= formula);
  return [
    {
      code: 'formula_exceeds_agent',
      text: `By the formula's ${thousands(formula)} tokens the issue is too large for ${chosen.name}, which takes ${thousands(most)} at most${any ? '' : ', and for every other agent'}.`,
    },
  ];
}

/** Says what is wrong, and the smallest changes that would help. */
function noAgentFits(profiles: readonly AgentProfile[], work: Work): string {
  const { difficulty, estimate } = work;
  const needed = `${sized(estimate.likely, estimate.high)} at ${difficulty} difficulty`;
  const judged = profiles.map((profile) => ({ profile, failing: failingRules(profile, work) }));
  const helps = [
    mending(judged, 'not_enabled', (names) => `enable ${names}`),
    mending(
      judged,
      'difficulty_not_trusted',
      (names) => `trust ${names} with ${difficulty} difficulty`,
    ),
    splitting(profiles, work),
  ].filter((help) => help !== undefined);
  const advice = helps.length === 0 ? leastChanges(judged) : helps.join(', or ');
  return `No enabled agent takes ${needed}: ${advice}.`;
}

/** A high figure is named where it asks for more room than twice the likely one does. */
function sized(likely: number, high: number): string {
  return `${thousands(likely)} tokens${high > 2 * likely ? ` (up to ${thousands(high)})` : ''}`;
}

interface Judged {
  readonly profile: AgentProfile;
  readonly failing: readonly Failing[];
}

/** What to do with the agents that fail nothing but this rule. */
function mending(
  judged: readonly Judged[],
  code: string,
  advice: (names: string) => string,
): string | undefined {
  const names = judged
    .filter(({ failing }) => failing.length === 1 && failing[0]?.code === code)
    .map(({ profile }) => profile.name);
  return names.length === 0 ? undefined : advice(names.join(' or '));
}

/** Into how many parts, for the roomiest of the agents that nothing but room is missing for. */
function splitting(profiles: readonly AgentProfile[], work: Work): string | undefined {
  const { difficulty, estimate } = work;
  const [roomiest] = profiles
    .filter((profile) => profile.enabled && profile.difficulties.includes(difficulty))
    .sort((a, b) => mostTokens(b) - mostTokens(a) || expectedCost(a, work) - expectedCost(b, work));
  if (roomiest === undefined) return undefined;
  const usable = usableTokens(roomiest);
  const parts = Math.ceil(Math.max(2 * estimate.likely, estimate.high) / usable);
  const limit = `${thousands(mostTokens(roomiest))} tokens`;
  const highLimit = estimate.high > 2 * estimate.likely ? `, up to ${thousands(usable)},` : '';
  return `split it into ${parts} (at most ${limit}${highLimit} fit ${roomiest.name})`;
}

/** Where one change is not enough: all that the nearest agent needs. */
function leastChanges(judged: readonly Judged[]): string {
  const [nearest] = [...judged].sort((a, b) => a.failing.length - b.failing.length);
  if (nearest === undefined) return 'there is none';
  const changes = nearest.failing.map(({ change }) => change).join(', and ');
  return `for ${nearest.profile.name}, ${changes}`;
}
