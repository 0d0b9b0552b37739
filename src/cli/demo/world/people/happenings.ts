import { z } from 'zod';

import { issuesIn } from '../api.ts';
import { someone, type Habits } from './habits.ts';

/** Every so many steps, counted from when the visitor came. */
const every = { comment: 9, hold: 230, pause: 130, limit: 100, fault: 540 };
/** Steps that an agent stays paused, and that a delivery stays given up. */
const lasts = { pause: 10, dead: 75 };

const deliveries = z.object({ items: z.array(z.object({ deliveryId: z.string() })) });

/** What happens now and then: remarks, pauses, limits, a disk that is away. */
export function createHappenings(habits: Habits) {
  const { api, dice, acts, state, agents, faults, patience, pace } = habits;
  let count = 0;

  return async function happen(): Promise<void> {
    count += pace();
    if (isTime(every.comment)) await remark();
    if (isTime(every.hold)) await toggleHold();
    if (isTime(every.pause)) await api.post('/pause', { body: pause });
    if (isTime(every.pause, lasts.pause))
      await api.post('/resume', { body: { agent: pause.agent } });
    if (isTime(every.limit)) await dice.pick(agents).reachLimit();
    if (isTime(every.fault)) await loseDisk();
    if (faults.size > 0) await mendDead();
  };

  /** Whether this step is the one of every so many, or so many after it. */
  function isTime(steps: number, after = 0): boolean {
    const at = count - after;
    return at >= steps && at % steps < pace();
  }

  async function remark(): Promise<void> {
    const open = state.repositories.flatMap(({ name, issues }) =>
      [...issues.values()].filter((issue) => issue.open).map(({ number }) => `${name}#${number}`),
    );
    await acts.comment(dice.pick(open), someone(dice), dice.pick(remarks));
  }

  /** What is on hold is let go; if nothing is, the last in the queue has to wait. */
  async function toggleHold(): Promise<void> {
    const blocked = await issuesIn(api, 'blocked');
    const held = blocked.find(({ reason }) => reason.code === 'held_by_label');
    const ref = held?.ref ?? (await issuesIn(api, 'ready')).at(-1)?.ref;
    if (ref !== undefined) await acts.label(ref, 'lena', 'on hold', held === undefined);
  }

  /** The text of an issue that waits cannot be read again: in the end the delivery of the change is given up. */
  async function loseDisk(): Promise<void> {
    const blocked = await issuesIn(api, 'blocked');
    // Nobody works on it meanwhile.
    const ref = blocked.find(({ reason }) => reason.code === 'cycle')?.ref;
    if (ref === undefined) return;
    faults.add(ref);
    const { body } = acts.issueAt(ref).issue;
    await acts.edit(ref, someone(dice), `${body}\nThe plan of the pontoon is attached.\n`);
  }

  /** Once the cause is gone, what was given up is handled again. */
  async function mendDead(): Promise<void> {
    const { data } = deliveries.safeParse((await api.get('/deliveries?status=dead')).json);
    const items = data?.items ?? [];
    const [oldest] = items;
    if (oldest === undefined) return;
    const name = `delivery ${oldest.deliveryId}`;
    if (patience.waited(name) < lasts.dead) return;
    patience.seenTo(name);
    faults.clear();
    for (const { deliveryId } of items)
      await api.post(`/deliveries/${encodeURIComponent(deliveryId)}/replay`);
  }
}

const pause = { agent: 'haiku', reason: 'Its prices are looked at.' };
const remarks = [
  'Seen again this morning.',
  'Take your time, the season begins in April.',
  'I can test this on the pontoon on Friday.',
  'The old program did this by hand.',
] as const;
