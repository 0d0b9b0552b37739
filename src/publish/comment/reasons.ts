import { render, type Sentences } from '../../issue/coded.ts';
import type { PlanEdge } from '../../issue/plan.ts';
import type { ChoiceReasonParams, StateReasonParams } from '../../issue/reasons.ts';
import { amount } from '../../issue/spending.ts';
import type { Source } from '../../issue/source.ts';
import type { State } from '../../issue/state.ts';
import { capital, thousands } from '../../lib/text.ts';
import { agentName, code, inWords, isLabelName, issueLink, repositoryOf } from './markdown.ts';
import {
  elsewhere,
  isVisible,
  linksTo,
  typedRef,
  type ReasonAdvice,
  type Subject,
} from './subject.ts';
import { editToRetry, operator, verificationReasons } from './verification-reasons.ts';

/** Every state in a word or two. */
export const stateWords: Record<State, string> = {
  received: 'Received',
  ready: 'Ready',
  blocked: 'Blocked',
  oversized: 'Too large',
  needs_human: 'Needs a person',
  in_progress: 'In progress',
  in_review: 'In review',
  done: 'Done',
  released: 'Not planned',
};

/** Follows the name of the chosen agent. */
export const commentChoices: Sentences<ChoiceReasonParams> = {
  label_agent: () => 'a label asks for it',
  declared_agent: () => 'the text asks for it',
  cheapest_fit: () => 'the cheapest that fits',
  default_agent: () => 'the default where nobody says how hard it is',
};

/** Of the params only names, commits and numbers are shown: others may quote workers. */
export const commentReasons: Sentences<StateReasonParams, (subject: Subject) => ReasonAdvice> = {
  ready:
    ({ agent }) =>
    () => ({
      reason: `Nothing is in the way: ${agentName(agent)} starts when it is free.`,
      change: [],
    }),
  open_blockers: () => waitsForIssues,
  unknown_blockers: () => waitsForIssues,
  blocker_not_merged: () => (subject) => {
    const { notMerged } = subject.waits;
    const refs = notMerged.map(({ ref }) => ref);
    return {
      reason: `Waits for work that was closed without a merge: ${inWords(linksTo(subject, refs, maxInSentence), 'and')}.`,
      change: [
        'Reopen it and merge it, or name what the issue waits for instead.',
        ...goOnWithout(subject),
      ],
    };
  },
  held_by_label:
    ({ label }) =>
    () => ({
      reason: `Held by ${labelName(label)}.`,
      change: ['Remove that label to let it go on.'],
    }),
  repository_archived: () => () => ({
    reason: 'The repository is archived.',
    change: ['It goes on by itself when the repository is unarchived.'],
  }),
  no_access: () => () => ({
    reason: 'The bot may not write in this repository, so its label may be out of date.',
    change: [
      'It goes on by itself when somebody who administers the repository gives the bot write access.',
    ],
  }),
  hidden_blocker:
    ({ count }) =>
    () => ({
      reason: `Waits for ${elsewhere(count)} that the bot may not see.`,
      change: [
        'Somebody who administers that repository can give the bot read access. To go on without it, remove the dependency under “Dependencies” on the page of this issue.',
      ],
    }),
  unreadable: () => () => ({
    reason: 'The text of this issue could not be read, so nobody knows what it waits for.',
    change: ['Shorten the text, or move parts of it into issues of their own.'],
  }),
  cycle:
    ({ refs, beside }) =>
    (subject) => {
      const next = refs.slice(1).find((ref) => isVisible(subject.setting, ref));
      const example = code(
        next === undefined ? 'Blocked by' : `Blocked by ${typedRef(subject, next)}`,
      );
      return {
        reason: `${
          beside
            ? 'Waits in a tangle of issues that wait for each other, such as'
            : 'Waits for itself in a cycle:'
        } ${cycle(subject, refs)} → …`,
        change: [
          `Nothing starts until one of them no longer waits: remove words such as ${example} from one of the texts, or a dependency under “Dependencies” on one of the pages.`,
        ],
      };
    },
  no_agent_fits:
    ({ split, enable, trust }) =>
    () => {
      const parts =
        split === null
          ? 'Split it into smaller issues'
          : `Split it into ${split.parts} issues of at most ${thousands(split.max)} tokens each`;
      const others = [...enable, ...trust].map(agentName);
      return {
        reason: 'No agent takes an issue of this size and difficulty.',
        change: [
          `${parts}, or correct its size and difficulty with the words below.`,
          ...(others.length === 0
            ? []
            : [`Or ask ${operator} to allow ${inWords(others.slice(0, 5), 'or')} for it.`]),
        ],
      };
    },
  claimed:
    ({ agent }) =>
    () => ({
      reason: `${capital(agentName(agent))} works on it.`,
      change: ['Close or unassign the issue to stop that.'],
    }),
  ...verificationReasons,
  worker_blocked: () => () => ({
    reason: 'An agent is stuck and has said why.',
    change: [`Ask ${operator} what it said. Then ${editToRetry}.`],
  }),
  failed_attempts:
    ({ count }) =>
    () => ({
      reason: `${count} attempts of agents have failed.`,
      change: [`Make it smaller or clearer: ${editToRetry}. Or ask ${operator} to resume it.`],
    }),
  issue_budget:
    ({ unit, budget }) =>
    () => ({
      reason: `Agents have used up what they may spend on it: ${amount(unit, budget)}.`,
      change: [
        `Split it into smaller issues, or make it clearer: ${editToRetry}. Or ask ${operator} to raise the budget.`,
      ],
    }),
  rotations:
    ({ count }) =>
    () => ({
      reason: `An agent began ${count} fresh sessions and still was not done.`,
      change: [
        `Split it into smaller issues, or make it clearer: ${editToRetry}. Or ask ${operator} to resume it.`,
      ],
    }),
  closed: () => () => ({ reason: 'The issue is closed.', change: [] }),
  not_assigned:
    () =>
    ({ setting }) => ({
      reason: 'The issue is not assigned to the bot.',
      change: [`Assign it to ${code(setting.bot)} to have it planned again.`],
    }),
  not_read: () => () => ({ reason: 'It has not been read yet.', change: [] }),
};

/** The reason of a plan and what can be done about it, in words of ours. */
export function adviseOn(subject: Subject): ReasonAdvice {
  return render(commentReasons, subject.plan.reason)(subject);
}

/** Maximum of issues in the first sentence. */
export const maxInSentence = { lines: 3, characters: 450 };

/** The same sentence whatever the state of those that are not named. */
function waitsForIssues(subject: Subject): ReasonAdvice {
  const { open, unknown, elsewhere: unnamed } = subject.waits;
  const named = open.length > 0 ? open : unknown;
  const change = [endsWhen(named.length, unnamed.length), ...goOnWithout(subject)];
  if (named.length === 0) {
    const all = elsewhere(unnamed.length);
    const some = unnamed.length === 1 ? all : `at least one of ${all}`;
    return { reason: `Waits for ${some}.`, change };
  }
  const refs = named.map(({ ref }) => ref);
  const links = inWords(linksTo(subject, refs, maxInSentence), 'and');
  const one = named.length === 1;
  if (open.length > 0)
    return { reason: `Waits for ${links}, which ${one ? 'is' : 'are'} open.`, change };
  const isOwn = refs.every((ref) => typedRef(subject, ref).startsWith('#'));
  const access = isOwn ? '' : ` Or ask ${operator} to give the bot access to that repository.`;
  return {
    reason: `Waits for ${links}, whose state is not known.`,
    change: [`Correct the number if it is wrong.${access}`, ...change],
  };
}

function endsWhen(named: number, unnamed: number): string {
  const one = named === 1 || (named === 0 && unnamed === 1);
  return `It goes on by itself when ${one ? 'that issue is' : 'the last of them is'} closed.`;
}

/** What to undo, by where the dependencies come from. */
function goOnWithout(subject: Subject): string[] {
  const { plan, setting, waits } = subject;
  const waiting = [...waits.open, ...waits.notMerged, ...waits.unknown, ...waits.elsewhere];
  const [example] = waiting.filter(({ source, ref }) => !isTold(source) && isVisible(setting, ref));
  const words =
    example === undefined
      ? `${code('Blocked by')} from the text`
      : `${code(`Blocked by ${typedRef(subject, example.ref)}`)} from the text${fromTheOther(plan.ref, example)}`;
  const ways = [
    ...(waiting.some(({ source }) => !isTold(source)) ? [`remove words such as ${words}`] : []),
    ...(waiting.some(({ source }) => source === 'gitea')
      ? ['remove the dependency under “Dependencies” on the page of this issue']
      : []),
    // Of those that may be named, the list has the line.
    ...(waits.elsewhere.some(({ source }) => source === 'model')
      ? [`write ${code('Not blocked by …')} with its name into the text`]
      : []),
  ];
  const them = waiting.length === 1 ? 'it' : 'them';
  return ways.length === 0 ? [] : [`To go on without ${them}, ${ways.join(', or ')}.`];
}

/** A name that people chose, where it can be shown and does nothing. */
function labelName(label: string): string {
  return isLabelName(label) ? `the label ${code(label)}` : 'a label';
}

/** True where the text of no issue declares it. */
function isTold(source: Source): boolean {
  return source === 'gitea' || source === 'model';
}

/** The same dependency in the words of the other issue. */
function fromTheOther(own: string, { ref }: PlanEdge): string {
  const repository = repositoryOf(own);
  if (repository === undefined) return '';
  const isSame = repository.toLowerCase() === repositoryOf(ref)?.toLowerCase();
  return ` (or ${code(`Blocks ${isSame ? own.slice(own.indexOf('#')) : own}`)} from the other one)`;
}

/** Neighbours that are not named are counted together. */
function cycle({ setting }: Subject, refs: readonly string[]): string {
  const steps: string[] = [];
  let unnamed = 0;
  const flush = () => {
    if (unnamed > 0) steps.push(elsewhere(unnamed));
    unnamed = 0;
  };
  for (const ref of refs.slice(0, 5)) {
    if (!isVisible(setting, ref)) unnamed += 1;
    else {
      flush();
      steps.push(issueLink(ref));
    }
  }
  flush();
  return steps.join(' → ');
}
