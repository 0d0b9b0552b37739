import type { DiskRecord, DiskStep } from './disk-record.ts';

/** Windows in which the power fails, in the order the data travels. */
const kinds = [
  'while it starts for the first time',
  'stored, not answered',
  'answered',
  'taken in, not deleted from the spool',
  'in a checkpoint of the spool',
  'in a checkpoint of the database',
  'log of the spool begun anew',
  'log of the database begun anew',
  'while it closes',
  'under load',
] as const;
type CutKind = (typeof kinds)[number];

export interface CutMoment {
  readonly kind: CutKind;
  /** Place in the trace before which the power fails. */
  readonly at: number;
}

/** Picks so many moments, each kind in turn. Throws where the record has no window of a kind. */
export function cutMoments(
  record: DiskRecord,
  database: string,
  count: number,
  random: () => number,
): CutMoment[] {
  const windows = findWindows(record, database);
  return Array.from({ length: count }, (_, index): CutMoment => {
    const kind = kinds[index % kinds.length] ?? 'under load';
    const found = windows[kind];
    const window = found[Math.floor(random() * found.length)];
    if (window === undefined) throw new Error(`The record has no window "${kind}".`);
    const [from, to] = window;
    // After `from`, at the latest right before `to`.
    return { kind, at: from + 1 + Math.floor(random() * (to - from)) };
  });
}

type Window = readonly [from: number, to: number];

function findWindows(record: DiskRecord, database: string): Record<CutKind, Window[]> {
  const spool = `${database}.spool`;
  const steps = record.steps;
  const firstAnswer = record.answers[0]?.begin ?? 0;
  const lastAnswer = record.answers.at(-1)?.begin ?? 0;
  const loaded = steps.filter(({ begin }) => begin > firstAnswer);
  const answerPlaces = record.answers.map(({ begin }) => begin);
  const stepPlaces = steps.map(({ begin }) => begin);
  const flushesOf = (file: string) =>
    loaded.filter((step) => step.kind === 'flush' && step.file === file);
  const nextAfter = (places: readonly number[], place: number) =>
    places.find((other) => other > place);
  const until = (from: number, to: number | undefined): Window[] =>
    to === undefined ? [] : [[from, to]];
  return {
    'while it starts for the first time': until(steps[0]?.begin ?? 0, firstAnswer),
    'stored, not answered': flushesOf(`${spool}-wal`).flatMap(({ end }) =>
      until(end, nextAfter(answerPlaces, end)),
    ),
    answered: answerPlaces.flatMap((place) => until(place, nextAfter(stepPlaces, place))),
    'taken in, not deleted from the spool': takeIns(loaded, database).flatMap((place) =>
      until(place, nextAfter(writesTo(loaded, `${spool}-wal`), place)),
    ),
    'in a checkpoint of the spool': checkpoints(loaded, spool),
    'in a checkpoint of the database': checkpoints(loaded, database),
    'log of the spool begun anew': logBeginnings(loaded, spool),
    'log of the database begun anew': logBeginnings(loaded, database),
    'while it closes': [[lastStepOfLoad(loaded, spool), record.end]],
    'under load': [[firstAnswer, lastAnswer]],
  };
}

function writesTo(steps: readonly DiskStep[], file: string): number[] {
  return steps
    .filter((step) => step.kind === 'write' && step.file === file)
    .map(({ begin }) => begin);
}

/** Ends of the flushes by which the database has deliveries for the first time. */
function takeIns(steps: readonly DiskStep[], database: string): number[] {
  const seen = new Set<string>();
  let brought = false;
  return steps.flatMap((step) => {
    if (!('file' in step) || step.file !== `${database}-wal`) return [];
    if (step.kind === 'write')
      for (const [id] of step.data.toString('latin1').matchAll(/\bcut-\d+(?= )/g))
        if (!seen.has(id)) {
          seen.add(id);
          brought = true;
        }
    if (step.kind !== 'flush' || !brought) return [];
    brought = false;
    return [step.end];
  });
}

/** From the first page that is copied into a file to the end of its flush. */
function checkpoints(steps: readonly DiskStep[], file: string): Window[] {
  let first: number | undefined;
  return steps.flatMap((step): Window[] => {
    if (!('file' in step) || step.file !== file) return [];
    if (step.kind === 'write') first ??= step.begin;
    if (step.kind !== 'flush' || first === undefined) return [];
    const window: Window = [first, step.end];
    first = undefined;
    return [window];
  });
}

/** From the new head of a log, whose old frames end there, to its next flush but one. */
function logBeginnings(steps: readonly DiskStep[], file: string): Window[] {
  const own = steps.filter((step) => 'file' in step && step.file === `${file}-wal`);
  return own.flatMap((step, index): Window[] => {
    if (step.kind !== 'write' || step.offset !== 0) return [];
    const flushes = own.slice(index).filter(({ kind }) => kind === 'flush');
    const end = (flushes[1] ?? flushes[0])?.end;
    return end === undefined ? [] : [[step.begin, end]];
  });
}

/** The last write of the load: the closing service cuts the log of the spool to nothing after it. */
function lastStepOfLoad(steps: readonly DiskStep[], spool: string): number {
  const cut = steps.find((step) => step.kind === 'truncate' && step.file === `${spool}-wal`);
  const before = steps.filter(({ end }) => end < (cut?.begin ?? Infinity));
  return before.at(-Math.min(before.length, 200))?.begin ?? 0;
}
