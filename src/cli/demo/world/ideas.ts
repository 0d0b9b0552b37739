import type { Sketch, Temper } from './backlog.ts';
import type { Dice } from './dice.ts';

const things = [
  ['berth lists', 'They are out of date by noon.'],
  ['the tide table', 'It is an hour off in summer.'],
  ['alarm messages', 'People do not understand them.'],
  ['chart legends', 'They hide the entrance.'],
  ['pilot orders', 'Two pilots came for one boat.'],
  ['the battery report', 'It counts buoys twice.'],
  ['visitor passes', 'They expire at midnight, at sea.'],
  ['wave statistics', 'The mean hides the highest wave.'],
] as const;
const verbs = ['Check', 'Translate', 'Speed up', 'Archive', 'Explain', 'Sort', 'Print'] as const;
const nouns = ['model', 'interface', 'storage', 'reports'] as const;
const steps = ['Agree on', 'Build', 'Move everybody to'] as const;
const levels = ['low', 'low', 'medium', 'medium', 'medium', 'high'] as const;

/** An issue that somebody thinks of later; it may wait for one that is open. */
export function newSketch(dice: Dice, count: number, after: string | undefined): Sketch {
  const [thing, why] = dice.pick(things);
  const level = dice.pick(levels);
  return {
    title: `${dice.pick(verbs)} ${thing} (${count})`,
    ...{ why, level, files: level === 'high' ? dice.between(1, 2) : dice.between(1, 3) },
    ...(after === undefined ? {} : { after }),
  };
}

/** An idea that no agent can take as it is. */
export function largeSketch(dice: Dice, count: number): Sketch {
  const [thing, why] = dice.pick(things);
  return {
    title: `Rebuild ${thing} from the ground up (${count})`,
    ...{ why, level: 'high', files: dice.between(24, 40), total: dice.between(24, 42) * 10_000 },
  };
}

/** The parts of an issue that was too large, `#12` in its own repository. */
export function partSketches(dice: Dice, whole: string): readonly Sketch[] {
  const noun = dice.pick(nouns);
  return steps.slice(0, dice.between(2, steps.length)).map((step) => ({
    title: `${step} the new ${noun}`,
    ...{ why: `This is a part of ${whole}, which was too large.`, level: 'medium' },
    files: dice.between(1, 3),
  }));
}

/** How the work on an issue goes that the backlog says nothing of; `mayFail`: it may come to nothing. */
export function newTemper(dice: Dice, mayFail: boolean): Temper {
  const throws = dice.between(1, 20);
  if (throws <= 10) return 'smooth';
  if (throws <= 14) return 'careful';
  if (throws <= 16 || !mayFail) return 'reviewed';
  return dice.pick(['stubborn', 'stuck', 'flaky', 'greedy', 'unwanted']);
}
