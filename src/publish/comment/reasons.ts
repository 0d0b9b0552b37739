import { render, type Sentences } from '../../issue/coded.ts';
import type { Plan } from '../../issue/plan.ts';
import type { ChoiceReasonParams, StateReasonParams } from '../../issue/reasons.ts';
import type { State } from '../../issue/state.ts';
import { capital, thousands } from '../../lib/text.ts';
import { agentName, issueLink, linksOf, shortened } from './markdown.ts';

/** The first sentence of a comment, and what people can do about it. */
export interface ReasonAdvice {
  readonly reason: string;
  /** Full sentences. */
  readonly change: readonly string[];
}

/** Every state in a word or two. */
export const stateWords: Record<State, string> = {
  received: 'Received',
  ready: 'Ready',
  blocked: 'Blocked',
  oversized: 'Too large',
  needs_human: 'Needs a person',
  in_progress: 'In progress',
  done: 'Done',
  released: 'Not planned',
};

/** Follows the name of the chosen agent. */
export const commentChoices: Sentences<ChoiceReasonParams> = {
  label_agent: () => 'a label asks for it',
  declared_agent: () => 'the text recommends it',
  cheapest_fit: () => 'the cheapest that fits',
};

const edit = 'Edit the issue to have it planned again.';
const chooseAgent = 'Add the label `agent:NAME` to choose the agent.';
const withdraw = 'Unassign the bot to take the issue back.';
const resume = 'Edit the issue, or ask an operator to resume it, to give it to an agent again.';
const close = 'Close the issue if it is done.';
const otherDependency =
  'If it does not have to wait, remove the dependency from the text or from the issue.';

/** Of the params only names, commits and numbers are shown: others may quote workers. */
export const commentReasons: Sentences<StateReasonParams, (plan: Plan) => ReasonAdvice> = {
  ready:
    ({ agent }) =>
    () => ({
      reason: `Nothing is in the way: ${agentName(agent)} can start.`,
      change: [edit, chooseAgent, withdraw],
    }),
  open_blockers:
    () =>
    ({ blockedBy }) => {
      const open = blockedBy.filter(({ state }) => state === 'open');
      const [first] = open;
      const reason =
        open.length === 1 && first !== undefined
          ? `Waits for ${issueLink(first.ref)}, which is open.`
          : `Waits for ${open.length} issues that are open.`;
      const when = open.length === 1 ? 'that issue is closed' : 'the last of them is closed';
      return { reason, change: [`It continues when ${when}.`, otherDependency] };
    },
  unknown_blockers:
    () =>
    ({ blockedBy }) => {
      const { length } = blockedBy.filter(({ state }) => state === 'unknown');
      const issues = length === 1 ? 'an issue' : `${length} issues`;
      return {
        reason: `Waits for ${issues} whose state is not known.`,
        change: ['Give the bot read access to what this issue waits for.', otherDependency],
      };
    },
  hidden_blocker: () => () => ({
    reason: 'Waits for an issue that the bot may not see.',
    change: [
      'Give the bot access to the repository of that issue, or remove the dependency from this issue.',
    ],
  }),
  cycle:
    ({ refs }) =>
    () => {
      const path = linksOf(refs, 5);
      const shown = shortened(path, { lines: 5, characters: 1_500 }).join(' → ');
      return {
        reason:
          shown === ''
            ? 'Waits for itself in a cycle.'
            : `Waits for itself in a cycle: ${shown} → …`,
        change: ['Remove one of these dependencies from its text or from its issue.'],
      };
    },
  no_agent_fits:
    ({ split }) =>
    () => {
      const correct = 'correct the size and the difficulty that it declares';
      return {
        reason: 'No agent takes an issue of this size and difficulty.',
        change: [
          split === null
            ? `Split it, or ${correct}.`
            : `Split it into ${split.parts} issues of at most ${thousands(split.max)} tokens each, or ${correct}.`,
        ],
      };
    },
  claimed:
    ({ agent }) =>
    () => ({
      reason: `${capital(agentName(agent))} works on it.`,
      change: ['Close or unassign the issue to take it from the agent.'],
    }),
  awaiting_verification:
    ({ commit }) =>
    () => ({
      reason: `An agent says that it has completed it${/^[0-9a-f]{7,64}$/.test(commit) ? ` with \`${commit}\`` : ''}: a person has to verify that.`,
      change: [close, 'Otherwise ask an operator to resume it.'],
    }),
  worker_blocked: () => () => ({
    reason: 'An agent is stuck. An operator can see why in the list of issues.',
    change: [resume],
  }),
  failed_attempts:
    ({ count }) =>
    () => ({
      reason: `${count} attempts of agents have failed.`,
      change: [resume],
    }),
  closed: () => () => ({
    reason: 'The issue is closed.',
    change: ['Reopen it to have it planned again.'],
  }),
  not_assigned: () => () => ({
    reason: 'The issue is not assigned to the bot.',
    change: ['Assign it to the bot to have it planned again.'],
  }),
  not_read: () => () => ({ reason: 'It has not been read yet.', change: [] }),
};

/** The reason of a plan and what can be done about it, in words of ours. */
export function adviseOn(plan: Plan): ReasonAdvice {
  return render(commentReasons, plan.reason)(plan);
}
