import { z } from 'zod';

import { thousands } from '../lib/text.ts';
import { coded, render, type Coded, type ParamsOf, type Sentences } from './coded.ts';
import { issueDifficulties } from './difficulty.ts';
import { fitRuleSchema, changesText } from './fit-rules.ts';
import { amount, budgetUnits } from './spending.ts';
import { mayPass, unreadableCauses, unreadableTexts } from './unreadable.ts';

const tokens = z.int();
const count = z.int();
const names = z.array(z.string()).readonly();
const difficulty = z.enum(issueDifficulties);
/** `more`: those without a name here. */
const someRefs = { refs: z.array(z.string()).readonly(), more: count };
const chosen = { agent: z.string() };
const lease = { worker: z.string(), agent: z.string() };

/*
 * The store has reasons as they are here: a code that is removed or gets other params needs a migration.
 */

/** Why this agent was chosen. */
const choiceReasons = z.discriminatedUnion('code', [
  coded('label_agent', chosen),
  coded('declared_agent', chosen),
  coded('cheapest_fit', { agent: z.string(), difficulty, likely: tokens }),
  /** Nobody says how hard it is. `named`: its profile says that it is the default. */
  coded('default_agent', { agent: z.string(), named: z.boolean() }),
]);

const noFit = coded('no_agent_fits', {
  difficulty,
  likely: tokens,
  high: tokens,
  /** Agents that would fit if they were enabled, or trusted with the difficulty. */
  enable: names,
  trust: names,
  /** Parts for the roomiest agent: `max` tokens each, the high estimates at most `usable`. */
  split: z.object({ parts: count, agent: z.string(), max: tokens, usable: tokens }).nullable(),
  /** The agent that fails the fewest rules; null when there is no agent. */
  nearest: z.object({ agent: z.string(), failing: z.array(fitRuleSchema).readonly() }).nullable(),
});

/** Why no worker gets the issue until a person changes something. */
const parkingReasons = z.discriminatedUnion('code', [
  coded('failed_attempts', { ...lease, count, last: z.enum(['expired', 'released']) }),
  /** `words`: the worker's own. They never reach a comment. */
  coded('worker_blocked', { ...lease, words: z.string() }),
  /** `checked`: the commit was found on Gitea, with a change. */
  coded('awaiting_verification', {
    worker: z.string(),
    commit: z.string(),
    checked: z.boolean().default(false),
  }),
  /** The last commit that failed its gates, and how often that happened. */
  coded('gates_failed', { commit: z.string(), count }),
  /** The commit could not be verified, through no fault of its own. */
  coded('verification_error', { commit: z.string(), cause: z.string() }),
  coded('pull_request_closed', { pull: count }),
  coded('review_rounds', { pull: count, rounds: count }),
  coded('merged_not_closed', { pull: count }),
  /** Agents have used up what they may spend on the issue. */
  coded('issue_budget', {
    ...lease,
    unit: z.enum(budgetUnits),
    budget: z.number(),
    spent: z.number(),
  }),
  /** The agent filled its context window more often than one issue should. */
  coded('rotations', { ...lease, count }),
]);

/** Why an issue is in its state. */
const stateReasons = z.discriminatedUnion('code', [
  coded('closed', {}),
  coded('not_assigned', {}),
  coded('not_read', {}),
  coded('claimed', lease),
  coded('repository_archived', { repository: z.string() }),
  coded('no_access', { repository: z.string() }),
  ...parkingReasons.options,
  /** `pull`: null until its pull request is there. */
  coded('gates_passed', { commit: z.string(), pull: count.nullable() }),
  coded('blocker_not_merged', someRefs),
  coded('held_by_label', { label: z.string() }),
  coded('unreadable', { cause: z.enum(unreadableCauses) }),
  /** `beside`: the cycle leads through others of the tangle that the issue is in; else it starts with the issue. */
  coded('cycle', { ...someRefs, beside: z.boolean().default(false) }),
  coded('open_blockers', someRefs),
  coded('hidden_blocker', { count }),
  coded('unknown_blockers', someRefs),
  noFit,
  coded('ready', chosen),
]);

export type StateReasonParams = ParamsOf<z.infer<typeof stateReasons>>;
export type ChoiceReasonParams = ParamsOf<z.infer<typeof choiceReasons>>;
export type StateReason<C extends keyof StateReasonParams = keyof StateReasonParams> = Coded<
  StateReasonParams,
  C
>;
export type ChoiceReason = Coded<ChoiceReasonParams>;
export type ParkingReason = StateReason<z.infer<typeof parkingReasons>['code']>;
export type NoFit = StateReason<'no_agent_fits'>;

export const parkingReasonSchema: z.ZodType<ParkingReason> = parkingReasons;
export const stateReasonSchema: z.ZodType<StateReason> = stateReasons;

/** The agent chosen and why, or why none fits. */
export const chosenAgentSchema = z.union([
  z.object({ agent: z.string(), reason: choiceReasons }),
  z.object({ agent: z.null(), reason: noFit }),
]);
export type ChosenAgent = Readonly<z.infer<typeof chosenAgentSchema>>;

/** The store has a reason in two columns; `params` is JSON. */
export function parseStateReason(code: string, params: string): StateReason {
  const values: unknown = JSON.parse(params);
  return stateReasons.parse({ code, params: values });
}

export function parseParkingReason(code: string, params: string): ParkingReason {
  const values: unknown = JSON.parse(params);
  return parkingReasons.parse({ code, params: values });
}

/** A sentence for each reason, as the API and the command line give it. */
export const reasonSentences: Sentences<StateReasonParams & ChoiceReasonParams> = {
  closed: () => 'Closed on Gitea.',
  not_assigned: () => 'Not assigned to the bot.',
  not_read: () => 'Assigned to the bot, not read yet.',
  claimed: ({ worker, agent }) => `${worker} works on it as ${agent}.`,
  failed_attempts: ({ count, worker, agent, last }) => {
    const how = last === 'expired' ? 'its lease expired' : 'it was given back';
    return `${count} attempts failed; of the last one, by ${worker} as ${agent}, ${how}. Change the issue, or resume it when the cause is gone.`;
  },
  worker_blocked: ({ worker, agent, words }) =>
    `${worker}, working as ${agent}, is stuck: "${words}" Change the issue, or resume it.`,
  awaiting_verification: ({ worker, commit, checked }) => {
    const unseen = checked ? '' : ', a commit that nobody has looked for on Gitea,';
    return `${worker} says that ${commit}${unseen} completes it: verify that and close the issue, or resume it.`;
  },
  gates_failed: ({ commit, count }) =>
    `${shortHash(commit)} failed its gates, the ${ordinal(count)} time in a row: change the issue, or resume it.`,
  verification_error: ({ commit, cause }) =>
    `${shortHash(commit)} could not be verified (${cause}): see to that, then ask for it again or resume the issue.`,
  pull_request_closed: ({ pull }) =>
    `Pull request !${pull} was closed without a merge: reopen it, change the issue, or resume it.`,
  review_rounds: ({ pull, rounds }) =>
    `Pull request !${pull} went back to an agent too often (reviews, failed checks or conflicts, ${rounds} times): go on with it by hand, or resume the issue.`,
  issue_budget: ({ worker, agent, unit, budget, spent }) =>
    `${worker}, working as ${agent}, has used up the budget of the issue: ${amount(unit, spent)} of ${amount(unit, budget)}. Raise the budget, change the issue, or resume it.`,
  rotations: ({ worker, agent, count }) =>
    `${worker}, working as ${agent}, began ${count} fresh sessions and still was not done: split the issue, change it, or resume it.`,
  merged_not_closed: ({ pull }) =>
    `Pull request !${pull} was merged, and the issue is still open: close it, or resume it if something is left to do.`,
  gates_passed: ({ commit, pull }) =>
    `Gates passed on ${shortHash(commit)}; ${pull === null ? 'it' : `pull request !${pull}`} waits for review.`,
  repository_archived: ({ repository }) =>
    `${repository} is archived on Gitea, where nothing can be written then: it goes on when the repository is unarchived.`,
  no_access: ({ repository }) =>
    `The bot may not read or write in ${repository} on Gitea: it goes on when the bot has write access there and issues are switched on.`,
  blocker_not_merged: ({ refs, more }) => {
    const verb = refs.length + more === 1 ? 'was' : 'were';
    return `${listRefs(refs, more)} ${verb} closed without a merge: correct the dependency, reopen the pull request, or resume the issue if it can do without.`;
  },
  held_by_label: ({ label }) => `Held by the label "${label}": it goes on when that is removed.`,
  unreadable: ({ cause }) =>
    `The text could not be read: ${unreadableTexts[cause]}. So it is not known what it waits for. Shorten it, or split the issue; it is read again ${mayPass(cause) ? 'by itself, too' : 'when it changes'}.`,
  cycle: ({ refs, more, beside }) => {
    const path = [...refs, ...(more > 0 ? [`${more} more`] : []), refs[0]].join(' → ');
    return beside
      ? `Waits in a tangle of issues that wait for each other, such as ${path}.`
      : `Waits for itself in a cycle: ${path}.`;
  },
  open_blockers: ({ refs, more }) => {
    const verb = refs.length + more === 1 ? 'which is open' : 'which are open';
    return `Waits for ${listRefs(refs, more)}, ${verb}.`;
  },
  hidden_blocker: ({ count }) => hiddenText(count),
  unknown_blockers: ({ refs, more }) =>
    `Waits for ${listRefs(refs, more)}, of which nothing is known yet: if the number is wrong, correct it or remove the dependency.`,
  no_agent_fits: noAgentFits,
  ready: ({ agent }) => `Nothing is in the way: ${agent} can start.`,
  label_agent: ({ agent }) => `A label asks for ${agent}, and it fits.`,
  declared_agent: ({ agent }) => `The text recommends ${agent}, and it fits.`,
  default_agent: ({ agent, named }) =>
    `Nobody says how hard it is: ${agent} is ${named ? 'the default of the profiles' : 'in the middle of those that fit, by cost'}.`,
  cheapest_fit: ({ agent, difficulty, likely }) =>
    `${agent} is the cheapest agent that fits ${difficulty} difficulty and ${thousands(likely)} tokens.`,
};

/** The first characters of a commit's hash, by which people know it. */
export function shortHash(commit: string): string {
  return commit.slice(0, 7);
}

function ordinal(count: number): string {
  const last = count % 100 > 10 && count % 100 < 14 ? 0 : count % 10;
  return `${count}${['th', 'st', 'nd', 'rd'][last] ?? 'th'}`;
}

export function reasonText(reason: StateReason | ChoiceReason): string {
  return render(reasonSentences, reason);
}

/** For a plan that waits, or should, for blockers which the bot may not read. */
export function hiddenText(count: number): string {
  return count === 1
    ? 'Waits for an issue, set on Gitea, that the bot may not read: give the bot read access to its repository, or remove the dependency.'
    : `Waits for ${count} issues, set on Gitea, that the bot may not read: give the bot read access to their repositories, or remove the dependencies.`;
}

function listRefs(refs: readonly string[], more: number): string {
  const first = more > 0 ? refs : refs.slice(0, -1);
  const last = more > 0 ? `${more} more` : (refs.at(-1) ?? '');
  return first.length === 0 ? last : `${first.join(', ')} and ${last}`;
}

/** Says what is wrong, and the smallest changes that would help. */
function noAgentFits(params: StateReasonParams['no_agent_fits']): string {
  const { difficulty, likely, high, enable, trust, split, nearest } = params;
  const helps = [
    ...(enable.length === 0 ? [] : [`enable ${enable.join(' or ')}`]),
    ...(trust.length === 0 ? [] : [`trust ${trust.join(' or ')} with ${difficulty} difficulty`]),
    ...(split === null ? [] : [splitting(split, needsHighRoom(likely, high))]),
  ];
  const least =
    nearest === null ? 'there is none' : `for ${nearest.agent}, ${changesText(nearest.failing)}`;
  const advice = helps.length === 0 ? least : helps.join(', or ');
  const upTo = needsHighRoom(likely, high) ? ` (up to ${thousands(high)})` : '';
  return `No enabled agent takes ${thousands(likely)} tokens${upTo} at ${difficulty} difficulty: ${advice}.`;
}

type Split = NonNullable<StateReasonParams['no_agent_fits']['split']>;

function splitting({ parts, agent, max, usable }: Split, highRoom: boolean): string {
  const highLimit = highRoom ? `, up to ${thousands(usable)},` : '';
  return `split it into ${parts} (at most ${thousands(max)} tokens${highLimit} fit ${agent})`;
}

/** True where the high estimate asks for more room than twice the likely one does. */
function needsHighRoom(likely: number, high: number): boolean {
  return high > 2 * likely;
}
