import { dirname } from 'node:path';

import { systemCalls, type SystemCall } from './system-calls.ts';

/** What was done to a database's files and their folder, in order. `begin` and `end` are places in the trace. */
export type DiskStep = { readonly begin: number; readonly end: number } & (
  | { readonly kind: 'create'; readonly file: string }
  | { readonly kind: 'unlink'; readonly file: string }
  | {
      readonly kind: 'write';
      readonly file: string;
      readonly offset: number;
      readonly data: Buffer;
    }
  | { readonly kind: 'truncate'; readonly file: string; readonly size: number }
  | { readonly kind: 'flush'; readonly file: string }
  | { readonly kind: 'flush-folder' }
);

interface Answer {
  readonly id: string;
  /** From here on its sender may have it. */
  readonly begin: number;
}

export interface DiskRecord {
  readonly steps: readonly DiskStep[];
  /** Deliveries that were answered with 200. */
  readonly answers: readonly Answer[];
  readonly end: number;
}

/** Calls that change files, say that they are on disk, or answer. */
export const recordedCalls =
  'openat,write,writev,pwrite64,pwritev,sendto,sendmsg,ftruncate,truncate,fallocate,fsync,fdatasync,' +
  'sync_file_range,copy_file_range,rename,renameat,renameat2,unlink,unlinkat,link,linkat';
/** Longer than any write of SQLite: strace shows them whole. */
export const recordedBytes = 1024 * 1024;

/** Reads a trace of `recordedCalls` for the files whose path begins with that of the database. Throws at a call it does not know. */
export function diskRecord(trace: string, database: string): DiskRecord {
  const calls = systemCalls(trace).sort((left, right) => left.begin - right.begin);
  const present = new Set<string>();
  const steps = calls.flatMap((call) => {
    const step = stepOf(call, database, present);
    if (step?.kind === 'create') present.add(step.file);
    if (step?.kind === 'unlink') present.delete(step.file);
    return step === undefined ? [] : [step];
  });
  const answers = calls.flatMap(({ text, begin }) => {
    const id = text.includes('"HTTP/1.1 200')
      ? /\\"deliveryId\\":\\"([\w-]+)\\"/.exec(text)?.[1]
      : undefined;
    return id === undefined ? [] : [{ id, begin }];
  });
  return { steps, answers, end: calls.at(-1)?.end ?? 0 };
}

function stepOf(call: SystemCall, database: string, present: ReadonlySet<string>) {
  const { begin, end, text } = call;
  const result = /\) += (\d+)(?:<[^>]*>)?$/.exec(text)?.[1];
  // It failed, or the process ended over it.
  if (result === undefined) return undefined;
  const name = /^\w+/.exec(text)?.[0] ?? '';
  const descriptor = /^\w+\(\d+<([^>]*)>(\(deleted\))?/.exec(text);
  const file = descriptor?.[1] ?? firstPath(text);
  const isSync = name === 'fsync' || name === 'fdatasync';
  if (isSync && file === dirname(database)) return { begin, end, kind: 'flush-folder' } as const;
  // What happens to a file without a name is gone with the power; the index is made anew.
  const isMeant = file?.startsWith(database) === true && !file.endsWith('-shm');
  if (!isMeant || descriptor?.[2] !== undefined) return undefined;
  const step = { begin, end, file };
  if (isSync) return { ...step, kind: 'flush' } as const;
  switch (name) {
    case 'openat':
      if (present.has(file) || !text.includes('O_CREAT')) return undefined;
      return { ...step, kind: 'create' } as const;
    case 'unlink':
    case 'unlinkat':
      return { ...step, kind: 'unlink' } as const;
    case 'ftruncate':
      return { ...step, kind: 'truncate', size: Number(/, (\d+)\) /.exec(text)?.[1]) } as const;
    case 'pwrite64': {
      const last = text.lastIndexOf('", ');
      const [length = 0, offset = 0] = text
        .slice(last + 3, text.lastIndexOf(')'))
        .split(', ')
        .map(Number);
      const data = bytesOf(text.slice(text.indexOf(', "') + 3, last));
      if (data.length !== length) throw new Error(`A write is not whole: ${text.slice(-80)}`);
      return { ...step, kind: 'write', offset, data: data.subarray(0, Number(result)) } as const;
    }
    default:
      throw new Error(`A call that the record does not know: ${text.slice(0, 200)}`);
  }
}

/** The path that `openat` and `unlink` were given. */
function firstPath(text: string): string | undefined {
  return /^(?:openat|unlink|link|rename|truncate)\w*\([^"]*"([^"]*)"/.exec(text)?.[1];
}

const escaped = new Map(
  Object.entries({ n: 10, t: 9, r: 13, v: 11, f: 12, '"': 34, '\\': 92 }).map(([key, value]) => [
    key.charCodeAt(0),
    value,
  ]),
);
const backslash = 92;
const isOctal = (code: number) => code >= 48 && code <= 55;

/** The bytes of a text as strace shows it: C escapes, numbers with at most three octal digits. */
function bytesOf(text: string): Buffer {
  const bytes = Buffer.allocUnsafe(text.length);
  let length = 0;
  for (let at = 0; at < text.length; at += 1) {
    let byte = text.charCodeAt(at);
    if (byte === backslash) {
      at += 1;
      const next = text.charCodeAt(at);
      if (isOctal(next)) {
        byte = next - 48;
        for (let more = 0; more < 2 && isOctal(text.charCodeAt(at + 1)); more += 1) {
          at += 1;
          byte = byte * 8 + text.charCodeAt(at) - 48;
        }
      } else byte = escaped.get(next) ?? next;
    }
    bytes[length] = byte;
    length += 1;
  }
  return bytes.subarray(0, length);
}
