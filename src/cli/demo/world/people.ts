import { z } from 'zod';

import { newSketch, issueOf, repositories, textOf, type Temper } from './backlog.ts';
import type { Agent } from './agents.ts';
import { get, issuesIn, post, type ApiCaller } from './calls.ts';
import type { Dice } from './dice.ts';
import type { Acts } from './gitea/acts.ts';
import { findRepository, nextNumber, type GiteaState, type Person } from './gitea/state.ts';

interface PeopleDeps {
  /** An operator. */
  readonly caller: ApiCaller;
  readonly dice: Dice;
  readonly acts: Acts;
  readonly state: GiteaState;
  readonly agents: readonly Agent[];
  readonly tempers: Map<string, Temper>;
  /** Issues whose text cannot be read while they are in here. */
  readonly faults: Set<string>;
  /** Usual steps of work in this one. */
  readonly pace: () => number;
}

/** Open issues that people keep the agents supplied with. */
const wantedOpen = 36;
/** Issues that may wait for a person before one of them is seen to. */
const mayWait = 4;
/** Steps that an issue waits for a person, and for its review, at the least. */
const patience = { parked: 25, review: 12 };
/** Every so many steps, counted from the beginning. */
const every = { comment: 5, hold: 230, nonsense: 53, pause: 64, limit: 47, fault: 170 };
/** Steps that an agent stays paused. */
const pauseSteps = 10;

const deliveries = z.object({ items: z.array(z.object({ deliveryId: z.string() })) });

/** The people of the world: they review, merge, answer, open issues, and make mistakes. */
export function createPeople(deps: PeopleDeps) {
  const { caller, dice, acts, state, agents, tempers, faults } = deps;
  /** Step in which an issue was first seen to wait. */
  const waiting = new Map<string, number>();
  let count = 0;
  let opened = 0;

  async function step(): Promise<void> {
    count += deps.pace();
    await reviewAll();
    await supply();
    await happenings();
    // What went wrong before the visitor came is still there to be seen.
    if (deps.pace() > 1) return;
    await answerParked();
    await mendDead();
  }

  async function reviewAll(): Promise<void> {
    for (const { ref } of await issuesIn(caller, 'in_review')) {
      if (!hasWaited(ref, patience.review) || !dice.chance(0.3)) continue;
      const pull = pullOf(ref);
      if (pull === undefined) continue;
      waiting.delete(ref);
      const temper = tempers.get(ref);
      tempers.set(ref, 'smooth');
      if (temper === 'reviewed') await askForChanges(pull);
      else if (temper === 'unwanted') await acts.closePull(pull, 'lena');
      else {
        await acts.review(pull, 'tom', { state: 'APPROVED', body: 'Good.', comments: [] });
        await acts.merge(pull, 'maria');
      }
    }
  }

  function askForChanges(pull: string): Promise<void> {
    const body = 'Nearly there: what happens when two alarms come at once?';
    const line = { path: 'src/harbor.ts', line: 88, body: 'This drops the second one.' };
    return acts.review(pull, 'tom', { state: 'REQUEST_CHANGES', body, comments: [line] });
  }

  /** The open pull request of an issue, by the branch that its agent uses. */
  function pullOf(ref: string): string | undefined {
    const [name = '', number] = ref.split('#');
    const pulls = findRepository(state, name)?.pulls.values() ?? [];
    const found = [...pulls].find((pull) => pull.open && pull.head === `agent/issue-${number}`);
    return found && `${name}!${found.number}`;
  }

  async function answerParked(): Promise<void> {
    const parked = await issuesIn(caller, 'needs_human');
    const ripe = parked.filter(({ ref }) => hasWaited(ref, patience.parked));
    const [next] = ripe.sort((a, b) => (waiting.get(a.ref) ?? 0) - (waiting.get(b.ref) ?? 0));
    if (parked.length <= mayWait || next === undefined) return;
    const { ref, reason } = next;
    waiting.delete(ref);
    tempers.set(ref, 'smooth');
    if (reason.code === 'worker_blocked') {
      await acts.comment(ref, 'maria', 'Equal is fine, longer is not. I put it into the text.');
      await acts.edit(
        ref,
        'maria',
        `${acts.issueAt(ref).issue.body}\nA boat as long as its berth fits.\n`,
      );
    } else if (reason.code === 'pull_request_closed') await acts.close(ref, 'lena');
    else await post(caller, '/resume', { body: { issue: ref } });
  }

  function hasWaited(ref: string, steps: number): boolean {
    const since = waiting.get(ref) ?? count;
    waiting.set(ref, since);
    return count - since >= steps;
  }

  function openIssues(): string[] {
    return state.repositories.flatMap(({ name, issues }) =>
      [...issues.values()].filter(({ open }) => open).map(({ number }) => `${name}#${number}`),
    );
  }

  /** Somebody has an idea while there is little to do. */
  async function supply(): Promise<void> {
    const open = openIssues();
    if (open.length >= wantedOpen || !dice.chance(0.5)) return;
    opened += 1;
    const name = dice.pick(repositories);
    const near = open.filter((ref) => ref.startsWith(`${name}#`));
    const isWaiting = near.length > 0 && dice.chance(0.3);
    const after = isWaiting ? dice.pick(near).slice(name.length) : undefined;
    await acts.openIssue(name, someone(), issueOf(newSketch(dice, opened, after)));
  }

  async function happenings(): Promise<void> {
    const open = openIssues();
    if (isTime(every.comment) && open.length > 0)
      await acts.comment(dice.pick(open), someone(), dice.pick(remarks));
    if (isTime(every.hold)) await toggleHold();
    if (isTime(every.nonsense)) await acts.tellNonsense(dice.pick(repositories));
    if (isTime(every.pause))
      await post(caller, '/pause', {
        body: { agent: 'haiku', reason: 'Its prices are looked at.' },
      });
    if (isTime(every.pause, pauseSteps))
      await post(caller, '/resume', { body: { agent: 'haiku' } });
    if (isTime(every.limit)) await dice.pick(agents).reachLimit();
    if (isTime(every.fault)) await openFaulty();
  }

  /** Whether this step is the one of every so many, or so many after it. */
  function isTime(steps: number, after = 0): boolean {
    const at = count - after;
    return at >= steps && at % steps < deps.pace();
  }

  async function toggleHold(): Promise<void> {
    const ref = 'acme/beacon#9';
    const { repository, issue } = acts.issueAt(ref);
    const hold = repository.labels.find(({ name }) => name === 'on hold');
    const isHeld = hold !== undefined && issue.labels.includes(hold.id);
    if (issue.open) await acts.label(ref, 'lena', 'on hold', !isHeld);
  }

  /** An issue of which the text cannot be read: in the end its delivery is given up. */
  async function openFaulty(): Promise<void> {
    const name = dice.pick(repositories);
    const repository = findRepository(state, name);
    if (repository !== undefined) faults.add(`${name}#${nextNumber(repository)}`);
    const sketch = newSketch(dice, count, undefined);
    await acts.openIssue(name, someone(), { title: sketch.title, body: textOf(sketch) });
  }

  /** Once the cause is gone, what was given up is handled again. */
  async function mendDead(): Promise<void> {
    const { data } = deliveries.safeParse((await get(caller, '/deliveries?status=dead')).json);
    const id = data?.items.at(0)?.deliveryId;
    if (id === undefined || !hasWaited(`delivery ${id}`, patience.parked * 3)) return;
    waiting.delete(`delivery ${id}`);
    faults.clear();
    for (const item of data?.items ?? [])
      await post(caller, `/deliveries/${encodeURIComponent(item.deliveryId)}/replay`);
  }

  function someone(): Person {
    return dice.pick(['maria', 'tom', 'lena']);
  }

  return { step };
}

const remarks = [
  'Seen again this morning.',
  'Take your time, the season begins in April.',
  'I can test this on the pontoon on Friday.',
  'The old program did this by hand.',
] as const;
