import { createLogUpdate } from 'log-update';
import { z } from 'zod';

import { oneLine, parseJson } from '../../lib/text.ts';
import { drawJob } from '../../work/display.ts';
import type { JobView } from '../../work/job-record.ts';
import { Terminal, widthOf, type Io } from '../io.ts';

/** Interval at which the lines are drawn again. */
const refreshMs = 1_000;
/** Longest line of the log on a terminal. */
const maxLine = 500;

const lineSchema = z.looseObject({
  level: z.string(),
  msg: z.string().default(''),
  issue: z.string().default(''),
  detail: z.string().default(''),
  err: z.looseObject({ message: z.string() }).optional(),
});

/** Where the log and the state of the jobs go: on a terminal one live line a job below the log, else the log alone. */
export function openScreen(io: Io, now: () => number) {
  const isLive = io.stdout.isTTY === true && io.environment()['TERM'] !== 'dumb';
  const views = new Map<number, JobView>();
  const update = isLive ? createLogUpdate(new Terminal(io.stdout)) : undefined;

  function draw(): void {
    const lines = [...views.entries()]
      .toSorted(([a], [b]) => a - b)
      .map(([, view]) => drawJob(view, { now: now(), width: widthOf(io.stdout) }));
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
  const { level, issue, msg, detail, err } = parsed;
  const why = err?.message ?? detail;
  const words = [level === 'info' ? '' : `${level}:`, issue, msg, why === '' ? '' : `(${why})`];
  return `${oneLine(words.filter(Boolean).join(' '), maxLine)}\n`;
}
