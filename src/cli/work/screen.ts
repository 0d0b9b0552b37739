import { createLogUpdate } from 'log-update';
import { z } from 'zod';

import { oneLine, parseJson } from '../../lib/text.ts';
import { drawJob } from '../../work/display.ts';
import type { JobView } from '../../work/job-record.ts';
import { Terminal, widthOf, type Io } from '../io.ts';

/** Interval at which the lines are drawn again. */
const refreshMs = 1_000;
/** Erases the row of the cursor, and goes to the one above. */
const eraseRow = '\u001b[2K\u001b[1A';
/** Longest line of the log on a terminal. */
const maxLine = 500;

const lineSchema = z.looseObject({
  level: z.string(),
  msg: z.string().default(''),
  issue: z.string().default(''),
  /** How an issue was left, and what a verifier found. */
  end: z.string().optional(),
  verdict: z.string().optional(),
  detail: z.string().optional(),
  notice: z.string().optional(),
  cause: z.string().optional(),
  err: z.looseObject({ message: z.string() }).optional(),
});

/** Where the log and the state of the jobs go: on a terminal one live line a job below the log, else the log alone. */
export function openScreen(io: Io, now: () => number) {
  const isLive = io.stdout.isTTY === true && io.environment()['TERM'] !== 'dumb';
  const views = new Map<number, JobView>();
  const update = isLive ? createLogUpdate(new Terminal(io.stdout)) : undefined;

  let drawn: { readonly lines: readonly string[]; readonly width: number } = {
    ...{ lines: [], width: 0 },
  };

  /** A terminal that has become narrower has broken lines in two: these rows go as well. */
  function clearBroken(): void {
    const width = widthOf(io.stdout);
    if (width >= drawn.width) return;
    const rows = drawn.lines.map((line) => Math.max(1, Math.ceil(line.length / width)));
    const more = rows.reduce((sum, each) => sum + each, 0) - rows.length;
    io.stdout.write(eraseRow.repeat(more));
    update?.clear();
    drawn = { lines: [], width };
  }

  function draw(): void {
    clearBroken();
    const width = widthOf(io.stdout);
    const lines = [...views.entries()]
      .toSorted(([a], [b]) => a - b)
      .map(([, view]) => drawJob(view, { now: now(), width }));
    drawn = { lines, width };
    update?.(lines.join('\n'));
  }
  const timer = isLive ? setInterval(draw, refreshMs) : undefined;

  return {
    /** Takes the lines of the log. */
    write: (text: string): void => {
      if (update === undefined) {
        io.stdout.write(text);
        return;
      }
      clearBroken();
      update.clear();
      io.stdout.write(text.split('\n').filter(Boolean).map(forPeople).join(''));
      draw();
    },
    show: (job: number, view: JobView | undefined): void => {
      if (view === undefined) views.delete(job);
      else views.set(job, view);
    },
    close: (): void => {
      clearInterval(timer);
      update?.clear();
      update?.done();
    },
  };
}

function forPeople(line: string): string {
  const parsed = lineSchema.safeParse(parseJson(line)).data;
  if (parsed === undefined) return `${line}\n`;
  const { level, issue, msg, end, verdict, err, detail, notice, cause } = parsed;
  const how = end ?? verdict;
  const why = [err?.message, detail, notice, cause].find((words) => (words ?? '') !== '');
  const words = [
    level === 'info' ? '' : `${level}:`,
    ...[issue, how === undefined ? msg : `${msg}: ${how}`],
    why === undefined ? '' : `(${why})`,
  ];
  return `${oneLine(words.filter(Boolean).join(' '), maxLine)}\n`;
}
