import { z } from 'zod';

import { issuesIn, type Api } from './api.ts';
import { backlog, issueOf, repositories, type Sketch } from './backlog.ts';
import type { WorldClock } from './clock.ts';
import type { Story } from './story.ts';
import { stepMs } from './story.ts';

interface PrologueDeps extends Pick<Story, 'acts' | 'api' | 'tempers' | 'hurry'> {
  readonly clock: WorldClock;
  readonly faults: Set<string>;
  /** Resolves when all that happened so far is handled. */
  readonly settle: () => Promise<void>;
}

/** Delays between the attempts of a delivery, and a little more: after the last of them it is given up. */
const attemptDelaysMs = [5, 20, 80, 320, 1_280, 3_600, 3_600].map((seconds) => seconds * 1_010);
/** Steps of work before the visitor comes. */
const steps = 22;
/** Steps that are added at the most, until the world has all that it should. */
const moreSteps = 40;
/** Steps of usual length in each of these: the hours pass quickly. */
const pace = 5;
/** How long the world has existed when the visitor comes. */
export const prologueMs =
  attemptDelaysMs.reduce((sum, delay) => sum + delay, 0) + steps * pace * stepMs;
/** The issue of which a delivery is given up: one that nobody works on. */
const faulty = 'acme/harbor#9';
/** Issues that are there before its text is changed, and those that come with each later attempt. */
const batch = { first: 10, later: 5 };

/** The hours before the visitor comes, in a few seconds. */
export async function playPrologue(deps: PrologueDeps): Promise<void> {
  await openBacklog(deps);
  const { acts, api, settle, hurry } = deps;
  await acts.tellNonsense(repositories[0]);
  await settle();
  for (let done = 0; done < steps + moreSteps; done += 1) {
    if (done >= steps && (await isComplete(api))) return;
    await hurry(pace);
  }
}

/** Opens the issues one after the other, while a delivery is tried again and again. */
async function openBacklog({ acts, clock, tempers, faults, settle }: PrologueDeps): Promise<void> {
  const all = repositories.flatMap((name) =>
    backlog[name].map((sketch, index) => ({ name, sketch, ref: `${name}#${index + 1}` })),
  );
  let opened = 0;
  for (const [index, delayMs] of attemptDelaysMs.entries()) {
    const until = batch.first + index * batch.later;
    for (const { name, sketch, ref } of all.slice(opened, until)) {
      if (sketch.temper !== undefined) tempers.set(ref, sketch.temper);
      await acts.openIssue(name, 'maria', issueOf(sketch));
    }
    opened = until;
    await settle();
    if (index === 0) {
      faults.add(faulty);
      await acts.edit(faulty, 'tom', `${acts.issueAt(faulty).issue.body}\nA sketch is attached.\n`);
      await settle();
    }
    clock.advance(delayMs);
    // Whatever comes wakes the service, which looks what else is due.
    await acts.comment('acme/harbor#1', 'tom', `The ship sails in ${9 - index} days.`);
    await settle();
  }
  for (const { ref, sketch } of all) await meetFate(acts, ref, sketch);
}

async function meetFate(acts: Story['acts'], ref: string, { fate }: Sketch): Promise<void> {
  if (fate === 'done') await acts.close(ref, 'maria');
  else if (fate === 'released') await acts.unassign(ref, 'lena');
}

/** Reasons for which an issue needs a person when the visitor comes. */
const wantedReasons = ['gates_failed', 'issue_budget', 'worker_blocked'];
/** What is under way at least when the visitor comes; at work: with a context to be seen. */
const wanted = { inReview: 2, atWork: 3, ready: 2 };

const queue = z.object({
  ready: z.array(z.unknown()),
  claimed: z.array(z.object({ verification: z.unknown(), context: z.unknown() })),
});

/** Whether the visitor would see something of all that can go right and wrong. */
async function isComplete(api: Api): Promise<boolean> {
  const parked = await issuesIn(api, 'needs_human');
  const codes = new Set(parked.map(({ reason }) => reason.code));
  const inReview = await issuesIn(api, 'in_review');
  const { ready, claimed } = queue.parse((await api.get('/queue')).json);
  const verified = claimed.filter(({ verification }) => verification !== null);
  const atWork = claimed.filter(
    ({ verification, context }) => verification === null && context !== null,
  );
  return (
    wantedReasons.every((code) => codes.has(code)) &&
    inReview.length >= wanted.inReview &&
    atWork.length >= wanted.atWork &&
    verified.length > 0 &&
    ready.length >= wanted.ready
  );
}
