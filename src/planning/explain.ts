import type { CodedSentence } from '../issue/coded.ts';
import type { Estimate } from '../issue/estimate.ts';
import { changesText, failingText } from '../issue/fit-rules.ts';
import { reasonText } from '../issue/reasons.ts';
import type { AgentProfile } from './agent-profiles.ts';
import { assignAgent, type ReadForChoice } from './assign-agent.ts';
import { expectedCost, failingRules } from './fit.ts';

interface Question {
  readonly reading: ReadForChoice;
  readonly estimate: Estimate;
  readonly profiles: readonly AgentProfile[];
  readonly labels: readonly string[];
}

/** Explains why each profile is, or is not, chosen for an issue, in their order, by the rules that choose. */
export function explainAgents({ reading, estimate, profiles, labels }: Question) {
  const work = { difficulty: reading.difficulty.value, estimate };
  const { agent, reason: given } = assignAgent(reading, estimate, profiles, labels);
  const reason = { code: given.code, text: reasonText(given) };
  const chosen = profiles.find(({ name }) => name === agent);
  return profiles.map((profile) => {
    const failing = failingRules(profile, work);
    const cost = shownCost(profile, work);
    const common = {
      agent: profile.name,
      chosen: profile === chosen,
      fits: failing.length === 0,
      /** Every rule the agent fails, each in a sentence. */
      failing: failing.map((rule) => ({
        code: rule.code,
        text: `${profile.name} ${failingText(rule)}.`,
      })),
      /** The smallest change that would make it fit; null when it fits. */
      change: failing.length === 0 ? null : `To make it fit: ${changesText(failing)}.`,
      /** In US dollars, for comparing. */
      expectedCost: cost,
    };
    const [first] = common.failing;
    if (first !== undefined) return { ...common, reason: first };
    if (chosen === undefined || profile === chosen) return { ...common, reason };
    return {
      ...common,
      reason:
        reason.code === 'cheapest_fit'
          ? dearer(profile, chosen, { cost, least: shownCost(chosen, work) })
          : {
              code: 'overridden',
              text: `${profile.name} fits, but another one is asked for. ${reason.text}`,
            },
    };
  });
}

function dearer(
  profile: AgentProfile,
  chosen: AgentProfile,
  { cost, least }: { readonly cost: number; readonly least: number },
): CodedSentence {
  if (cost === least)
    return {
      code: 'later_in_order',
      text: `${profile.name} fits and costs as much as ${chosen.name}, which stands first among the profiles.`,
    };
  return {
    code: 'not_cheapest',
    text: `${profile.name} fits, but costs about $${dollars(cost)} and ${chosen.name} about $${dollars(least)}.`,
  };
}

/** Rounded once, so that a sentence and a figure beside it say the same. */
function shownCost(profile: AgentProfile, work: Parameters<typeof expectedCost>[1]): number {
  return Number(expectedCost(profile, work).toPrecision(3));
}

function dollars(amount: number): string {
  return amount < 0.01 && amount > 0 ? amount.toPrecision(1) : cents.format(amount);
}

const cents = new Intl.NumberFormat('en-US', {
  minimumFractionDigits: 2,
  maximumFractionDigits: 2,
  useGrouping: false,
});
