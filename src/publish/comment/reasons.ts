import { agentName, codeName, issueLink, refsIn, shortened } from './markdown.ts';
import type { Plan } from '../../issue/plan.ts';
import type { State } from '../../issue/state.ts';

/** What a comment says first, and what somebody can do about it. */
export interface Told {
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

const edit = 'Edit the issue to have it planned anew.';
const chooseAgent = 'Put the label `agent:NAME` on it to choose the agent.';
const withdraw = 'Unassign the bot to take the issue back.';
const resume = 'Edit the issue, or have an operator resume it, to give it to an agent again.';
const close = 'Close the issue if it is done.';
const otherDependency =
  'If it does not have to wait, take the dependency out of the text or off the issue.';

/** A fixed sentence for each code: the stored sentence may quote people, agents or Claude. */
const reasons = new Map<string, (plan: Plan) => Told>([
  [
    'ready',
    ({ assignment }) => ({
      reason: `Nothing is in the way: ${agentName(assignment?.agent)} can start.`,
      change: [edit, chooseAgent, withdraw],
    }),
  ],
  [
    'open_blockers',
    ({ blockedBy }) => {
      const open = blockedBy.filter(({ state }) => state === 'open');
      const [first] = open;
      const reason =
        open.length === 1 && first !== undefined
          ? `Waits for ${issueLink(first.ref)}, which is open.`
          : `Waits for ${open.length} issues that are open.`;
      const when = open.length === 1 ? 'that issue is closed' : 'the last of them is closed';
      return { reason, change: [`It goes on when ${when}.`, otherDependency] };
    },
  ],
  [
    'unknown_blockers',
    ({ blockedBy }) => {
      const { length } = blockedBy.filter(({ state }) => state === 'unknown');
      const reason =
        length === 1
          ? 'Waits for an issue of which nothing is known.'
          : `Waits for ${length} issues of which nothing is known.`;
      return { reason, change: ['Let the bot read what it waits for.', otherDependency] };
    },
  ],
  [
    'hidden_blocker',
    () => ({
      reason: 'Waits for an issue that the bot may not see.',
      change: [
        'Give the bot access to the repository of that issue, or take the dependency off this one.',
      ],
    }),
  ],
  [
    'cycle',
    ({ reason }) => {
      const path = refsIn(reason.text, 5).map(issueLink);
      const shown = shortened(path, { lines: 5, characters: 1_500 }).join(' → ');
      return {
        reason: `Waits for itself in a circle${shown === '' ? '' : `: ${shown} → …`}`.replace(
          /(?<!…)$/,
          '.',
        ),
        change: ['Take one of these dependencies out of the text or off the issue.'],
      };
    },
  ],
  [
    'no_agent_fits',
    ({ reason, assignment }) => {
      // A sentence of configured names and numbers; of it, two numbers.
      const [, parts, tokens] =
        /split it into (\d{1,6}) \(at most ([\d,]{1,15}) tokens/.exec(
          assignment?.reason.text ?? reason.text,
        ) ?? [];
      return {
        reason: 'No agent takes an issue of this size and difficulty.',
        change: [
          parts === undefined || tokens === undefined
            ? 'Split it, or correct the size and difficulty it declares.'
            : `Split it into ${parts} issues of at most ${tokens} tokens each, or correct the size and difficulty it declares.`,
        ],
      };
    },
  ],
  [
    'claimed',
    ({ reason }) => ({
      reason: `${capital(agentName(/ as (\S{1,40})\.$/.exec(reason.text)?.[1]))} works on it.`,
      change: ['Close or unassign the issue to take it from the agent.'],
    }),
  ],
  [
    'awaiting_verification',
    ({ reason }) => {
      const commit = / that ([0-9a-f]{7,64}) completes it/.exec(reason.text)?.[1];
      return {
        reason: `An agent says that it has completed it${commit === undefined ? '' : ` with \`${commit}\``}: somebody has to look at that.`,
        change: [close, 'Otherwise have an operator resume it.'],
      };
    },
  ],
  [
    'worker_blocked',
    () => ({
      reason: 'An agent is stuck. An operator can see why in the list of issues.',
      change: [resume],
    }),
  ],
  [
    'failed_attempts',
    ({ reason }) => {
      const count = /^(\d{1,4}) attempts failed/.exec(reason.text)?.[1];
      return {
        reason: `${count ?? 'Several'} attempts of agents have failed.`,
        change: [resume],
      };
    },
  ],
  [
    'closed',
    () => ({ reason: 'The issue is closed.', change: ['Reopen it to have it planned again.'] }),
  ],
  [
    'not_assigned',
    () => ({
      reason: 'The issue is not assigned to the bot.',
      change: ['Assign it to the bot to have it planned again.'],
    }),
  ],
  ['not_read', () => ({ reason: 'It has not been read yet.', change: [] })],
]);

/** The reason of a plan and what can be done about it, in words of ours. */
export function tellReason(plan: Plan): Told {
  const told = reasons.get(plan.reason.code);
  if (told !== undefined) return told(plan);
  return { reason: `The reason is ${codeName(plan.reason.code)}.`, change: [edit] };
}

function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
