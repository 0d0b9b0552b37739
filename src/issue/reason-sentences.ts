import { thousands } from '../lib/text.ts';
import { render, type Sentences } from './coded.ts';
import { changesText } from './fit-rule-sentences.ts';
import type {
  ChoiceReason,
  ChoiceReasonParams,
  StateReason,
  StateReasonParams,
} from './reasons.ts';

/** A sentence for each reason, as the API and the command line give it. */
export const reasonSentences: Sentences<StateReasonParams & ChoiceReasonParams> = {
  closed: () => 'Closed on Gitea.',
  not_assigned: () => 'Not assigned to the bot.',
  not_read: () => 'Assigned to the bot, not read yet.',
  claimed: ({ worker, agent }) => `${worker} works on it as ${agent}.`,
  failed_attempts: ({ count, worker, agent, last }) => {
    const how = last === 'expired' ? 'its lease ran out' : 'it was given back';
    return `${count} attempts failed; of the last one, by ${worker} as ${agent}, ${how}. Change the issue, or resume it when the cause is gone.`;
  },
  worker_blocked: ({ worker, agent, words }) =>
    `${worker}, at work as ${agent}, is stuck: "${words}" Change the issue, or resume it.`,
  awaiting_verification: ({ worker, commit }) =>
    `${worker} says that ${commit} completes it: verify that and close the issue, or resume it.`,
  cycle: ({ refs, more }) => {
    const path = [...refs, ...(more > 0 ? [`${more} more`] : []), refs[0]].join(' → ');
    return `Waits for itself in a cycle: ${path}.`;
  },
  open_blockers: ({ refs, more }) => {
    const verb = refs.length + more === 1 ? 'which is open' : 'which are open';
    return `Waits for ${listRefs(refs, more)}, ${verb}.`;
  },
  hidden_blocker: ({ count }) => hiddenText(count),
  unknown_blockers: ({ refs, more }) =>
    `Waits for ${listRefs(refs, more)}, of which no event has told anything yet.`,
  no_agent_fits: noAgentFits,
  ready: ({ agent }) => `Nothing is in the way: ${agent} can start.`,
  label_agent: ({ agent }) => `A label asks for ${agent}, and it fits.`,
  declared_agent: ({ agent }) => `The text recommends ${agent}, and it fits.`,
  cheapest_fit: ({ agent, difficulty, likely }) =>
    `${agent} is the cheapest agent that fits ${difficulty} difficulty and ${thousands(likely)} tokens.`,
};

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
