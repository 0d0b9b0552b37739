import type { Estimate } from '../issue/estimate.ts';
import type { FitRule } from '../issue/fit-rules.ts';
import type { Reading } from '../issue/reading.ts';
import type { ChoiceReason, ChosenAgent, NoFit } from '../issue/reasons.ts';
import type { Warning } from '../issue/warnings.ts';
import type { AgentProfile } from './agent-profiles.ts';
import {
  expectedCost,
  failingRules,
  lacksNothingButRoom,
  lacksRoom,
  maxTokens,
  usableTokens,
  type Work,
} from './fit.ts';

/** The agent chosen, with what a person should know about the choice. */
export type Assignment = ChosenAgent & { readonly warnings: readonly Warning[] };

/** The part of a reading that the choice follows from. */
export type ReadForChoice = Pick<Reading, 'difficulty' | 'assignedAgent'>;

/**
 * Gives the issue to an agent that fits (enabled, trusted with the difficulty, large enough): the one a
 * label names, else the one the text declares, else the cheapest by expected cost, ties by profile order; of unknown
 * difficulty the default one.
 * A person's choice that does not fit is refused with a warning; a suggestion of Claude decides nothing.
 */
export function assignAgent(
  reading: ReadForChoice,
  estimate: Estimate,
  profiles: readonly AgentProfile[],
  labels: readonly string[] = [],
): Assignment {
  const work = { difficulty: reading.difficulty.value, estimate };
  const { wishes, warnings: unclear } = wishesOf(reading, profiles, labels);
  const checked = wishes.map((wish) => ({ ...wish, failing: failingRules(wish.profile, work) }));
  const refused = checked.filter(({ failing }) => failing.length > 0).map(refusal);
  const granted = checked.find(({ failing }) => failing.length === 0);
  const fitting = profiles.filter((profile) => failingRules(profile, work).length === 0);
  const chosen = granted?.profile ?? choice(fitting, work);
  const warnings = [
    ...unclear,
    ...refused,
    ...suggestionIgnored(reading, chosen),
    ...formulaExceeds(estimate, chosen, profiles),
  ];
  if (chosen === undefined) return { agent: null, reason: noAgentFits(profiles, work), warnings };
  const { name: agent } = chosen;
  const { likely } = estimate;
  const reason: ChoiceReason =
    granted !== undefined
      ? { code: granted.by, params: { agent } }
      : work.difficulty === 'unknown'
        ? { code: 'default_agent', params: { agent, named: chosen.default === true } }
        : { code: 'cheapest_fit', params: { agent, difficulty: work.difficulty, likely } };
  return { agent, reason, warnings };
}

/**
 * The cheapest of the agents that fit. Of work that nobody calls easy or hard the cheapest one might fail and the
 * dearest be wasted: it is for the default of the profiles, else for the one in the middle.
 */
function choice(fitting: readonly AgentProfile[], work: Work): AgentProfile | undefined {
  const byCost = fitting.toSorted((a, b) => expectedCost(a, work) - expectedCost(b, work));
  if (work.difficulty !== 'unknown') return byCost[0];
  return fitting.find((profile) => profile.default) ?? byCost[Math.floor(byCost.length / 2)];
}

/** An agent that a person asks for, by a label or by the text. */
interface Wish {
  readonly by: 'label_agent' | 'declared_agent';
  readonly profile: AgentProfile;
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
      ...(byLabel === undefined ? [] : [{ by: 'label_agent' as const, profile: byLabel }]),
      ...(declared === undefined ? [] : [{ by: 'declared_agent' as const, profile: declared }]),
    ],
    warnings: [
      ...unknown.slice(0, maxUnknown).map((agent): Warning => {
        const params = { agent, known: namesOf(profiles) };
        return { code: 'label_agent_unknown', params };
      }),
      ...(byLabel === undefined || others.length === 0 ? [] : [labelsDiffer(byLabel, others)]),
    ],
  };
}

/** Maximum number of warnings about unknown agents; each warning names one. */
const maxUnknown = 3;

/** `agent:NAME` and `agent/NAME`, whatever the case; names are plain words, so that texts may show them. */
function agentOfLabel(label: string): string[] {
  const name = /^\s*agent\s*[:/]\s*([\w-]{1,40})\s*$/i.exec(label)?.[1];
  return name === undefined ? [] : [name.toLowerCase()];
}

function namesOf(profiles: readonly AgentProfile[]): string[] {
  return profiles.map(({ name }) => name);
}

function labelsDiffer(first: AgentProfile, others: readonly AgentProfile[]): Warning {
  return { code: 'label_agents_differ', params: { agent: first.name, others: namesOf(others) } };
}

function refusal({
  by,
  profile,
  failing,
}: Wish & { readonly failing: readonly FitRule[] }): Warning {
  const params = { agent: profile.name, failing };
  return lacksRoom(failing)
    ? { code: `${by}_cannot_hold`, params }
    : { code: `${by}_refused`, params };
}

function suggestionIgnored(
  { assignedAgent }: ReadForChoice,
  chosen: AgentProfile | undefined,
): Warning[] {
  const { source, value } = assignedAgent;
  if (source !== 'model' || value === null || value === chosen?.name) return [];
  const params = { suggested: value, chosen: chosen?.name ?? null };
  return [{ code: 'suggested_agent_ignored', params }];
}

function formulaExceeds(
  { formula, likely }: Estimate,
  chosen: AgentProfile | undefined,
  profiles: readonly AgentProfile[],
): Warning[] {
  if (chosen === undefined || formula === null || formula <= likely) return [];
  const max = maxTokens(chosen);
  if (formula <= max) return [];
  const othersFit = profiles.some((profile) => profile.enabled && maxTokens(profile) >= formula);
  const params = { formula, agent: chosen.name, max, othersFit };
  return [{ code: 'formula_exceeds_agent', params }];
}

/** Says what is wrong, and the smallest changes that would help. */
function noAgentFits(profiles: readonly AgentProfile[], work: Work): NoFit {
  const { difficulty, estimate } = work;
  const checked = profiles.map((profile) => ({ profile, failing: failingRules(profile, work) }));
  const failingOnly = (rule: FitRule['code']) =>
    namesOf(
      checked
        .filter(({ failing }) => failing.length === 1 && failing[0]?.code === rule)
        .map(({ profile }) => profile),
    );
  const [nearest] = [...checked].sort((a, b) => a.failing.length - b.failing.length);
  const params = {
    difficulty,
    likely: estimate.likely,
    high: estimate.high,
    enable: failingOnly('not_enabled'),
    trust: failingOnly('difficulty_not_trusted'),
    split: splitting(profiles, work),
    nearest:
      nearest === undefined ? null : { agent: nearest.profile.name, failing: nearest.failing },
  };
  return { code: 'no_agent_fits', params };
}

/** Number of parts, for the roomiest of the agents that lack nothing but room. */
function splitting(profiles: readonly AgentProfile[], work: Work): NoFit['params']['split'] {
  const { estimate } = work;
  const room = (profile: AgentProfile) => usableTokens(profile) - (profile.harness ?? 0);
  // Parts are as uncertain as the whole, but no more than an agent must have room for anyway.
  const uncertainty = Math.min(2, estimate.high / estimate.likely);
  const max = (profile: AgentProfile) =>
    Math.min(maxTokens(profile), Math.floor(room(profile) / uncertainty));
  const [roomiest] = profiles
    .filter((profile) => lacksNothingButRoom(failingRules(profile, work)))
    .sort((a, b) => max(b) - max(a) || expectedCost(a, work) - expectedCost(b, work));
  if (roomiest === undefined) return null;
  const usable = room(roomiest);
  const parts = Math.ceil(Math.max(estimate.likely / max(roomiest), estimate.high / usable));
  return { parts, agent: roomiest.name, max: max(roomiest), usable };
}
