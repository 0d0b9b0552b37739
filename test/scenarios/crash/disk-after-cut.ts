import type { DiskRecord, DiskStep } from './disk-record.ts';

/** What a disk keeps whole at a power cut, and what a file system writes at once. */
const sectorBytes = 512;
const blockBytes = 4_096;

export type Flush = Extract<DiskStep, { kind: 'flush' }>;
type Change = Extract<DiskStep, { kind: 'write' | 'truncate' }>;

interface StoredFile {
  /** As of its last flush: so many bytes, and room for more, which is zero. */
  durable: Buffer;
  length: number;
  /** Changes since, in order. */
  changes: Change[];
}

interface CutOptions {
  /** Place in the trace before which the power fails. */
  readonly at: number;
  readonly random: () => number;
  /** Share of the blocks that the disk has written in full although nobody asked; 0: none at all, 1: all. */
  readonly kept: number;
  /** Flushes that have no effect, as on a disk that lies, or that were never asked for. */
  readonly isInVain?: (flush: Flush) => boolean;
}

/**
 * The files as a disk may hold them after a power cut. What was flushed is there. Of everything later each block is as it
 * was at some time since, each at a time of its own and a few torn between sectors; so is each length, and each name in
 * the folder.
 */
export function diskAfterCut(record: DiskRecord, options: CutOptions): Map<string, Buffer> {
  const { at, random, kept, isInVain = () => false } = options;
  const named = new Map<string, StoredFile>();
  const durableNames = new Map<string, StoredFile>();
  let renamed: { file: string; to: StoredFile | undefined; end: number }[] = [];

  for (const { step, isEnd } of moments(record, at)) {
    if (step.kind === 'flush-folder') {
      if (!isEnd) continue;
      for (const { file, to } of renamed.filter(({ end }) => end < step.begin))
        if (to === undefined) durableNames.delete(file);
        else durableNames.set(file, to);
      renamed = renamed.filter(({ end }) => end >= step.begin);
      continue;
    }
    const { file } = step;
    if (step.kind === 'create' || step.kind === 'unlink') {
      const to =
        step.kind === 'create' ? { durable: Buffer.alloc(0), length: 0, changes: [] } : undefined;
      if (to === undefined) named.delete(file);
      else named.set(file, to);
      renamed.push({ file, to, end: step.end });
      continue;
    }
    const stored = named.get(file);
    if (stored === undefined) throw new Error(`${file} was changed before it was made.`);
    if (step.kind !== 'flush') stored.changes.push(step);
    else if (isEnd && !isInVain(step)) flush(stored, step.begin);
  }

  const files = new Set([...durableNames.keys(), ...renamed.map(({ file }) => file)]);
  const image = new Map<string, Buffer>();
  for (const file of files) {
    const states = [
      durableNames.get(file),
      ...renamed.filter((one) => one.file === file).map(({ to }) => to),
    ];
    const stored = states[pickState(states.length - 1)];
    if (stored !== undefined) image.set(file, whatIsLeft(stored, pickState, random));
  }
  return image;

  /** How many of so many changes, one after the other, are on disk. */
  function pickState(changes: number): number {
    if (kept === 0) return 0;
    if (kept === 1 || random() < kept) return changes;
    return Math.floor(random() * (changes + 1));
  }
}

/** Everything that began before the cut, in order; a flush has a beginning and an end. */
function moments({ steps }: DiskRecord, at: number) {
  const all: { step: DiskStep; place: number; isEnd: boolean }[] = [];
  for (const step of steps) {
    if (step.begin < at) all.push({ step, place: step.begin, isEnd: false });
    const isFlush = step.kind === 'flush' || step.kind === 'flush-folder';
    if (isFlush && step.end < at) all.push({ step, place: step.end, isEnd: true });
  }
  return all.sort((left, right) => left.place - right.place);
}

/** What had been written when the flush began is on disk. */
function flush(stored: StoredFile, begin: number): void {
  const later = stored.changes.findIndex(({ end }) => end >= begin);
  const done = later === -1 ? stored.changes : stored.changes.slice(0, later);
  stored.changes = later === -1 ? [] : stored.changes.slice(later);
  if (done.length === 0) return;
  const lengths = lengthsOf(stored.length, done);
  const longest = Math.max(...lengths);
  if (longest > stored.durable.length) stored.durable = withRoom(stored.durable, 2 * longest);
  for (const change of done)
    if (change.kind === 'write') change.data.copy(stored.durable, change.offset);
    else stored.durable.fill(0, change.size);
  stored.length = lengths.at(-1) ?? stored.length;
}

function whatIsLeft(
  { durable, length, changes }: StoredFile,
  pickState: (changes: number) => number,
  random: () => number,
): Buffer {
  const lengths = lengthsOf(length, changes);
  const bytes = withRoom(durable.subarray(0, length), Math.max(...lengths));
  const touching = new Map<number, number[]>();
  for (const [index, change] of changes.entries())
    for (const sector of sectorsOf(change, bytes.length)) {
      const block = Math.floor((sector * sectorBytes) / blockBytes);
      const known = touching.get(block) ?? [];
      if (known.at(-1) !== index) known.push(index);
      touching.set(block, known);
    }
  /** Changes before this one are in the sector. */
  const ends = new Map<number, number>();
  for (const [block, indices] of touching) {
    const isTorn = random() < 0.25;
    const pickEnd = () => indices[pickState(indices.length)] ?? Infinity;
    const whole = pickEnd();
    for (let sector = 0; sector < blockBytes / sectorBytes; sector += 1)
      ends.set((block * blockBytes) / sectorBytes + sector, isTorn ? pickEnd() : whole);
  }
  for (const [index, change] of changes.entries())
    for (const sector of sectorsOf(change, bytes.length))
      if (index < (ends.get(sector) ?? 0)) apply(change, bytes, sector);
  return bytes.subarray(0, lengths[pickState(changes.length)]);
}

function apply(change: Change, bytes: Buffer, sector: number): void {
  const from = sector * sectorBytes;
  const to = from + sectorBytes;
  if (change.kind === 'truncate') bytes.fill(0, Math.max(from, change.size), to);
  else {
    const { offset, data } = change;
    data.copy(bytes, Math.max(from, offset), Math.max(0, from - offset), to - offset);
  }
}

function* sectorsOf(change: Change, length: number): Generator<number> {
  const from = change.kind === 'write' ? change.offset : change.size;
  const to = change.kind === 'write' ? change.offset + change.data.length : length;
  for (let sector = Math.floor(from / sectorBytes); sector * sectorBytes < to; sector += 1)
    yield sector;
}

/** The length of the file before the changes and after each. */
function lengthsOf(length: number, changes: readonly Change[]): number[] {
  const lengths = [length];
  for (const change of changes) {
    if (change.kind === 'write') length = Math.max(length, change.offset + change.data.length);
    else ({ size: length } = change);
    lengths.push(length);
  }
  return lengths;
}

/** A copy with zeros up to this length, in whole blocks. */
function withRoom(bytes: Buffer, length: number): Buffer {
  const copy = Buffer.alloc(Math.ceil(length / blockBytes) * blockBytes);
  bytes.copy(copy);
  return copy;
}
