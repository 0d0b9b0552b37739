import { createLogUpdate } from 'log-update';

import type { GateResult } from '../../gates/gate.ts';
import type { GateName } from '../../gates/names.ts';
import type { GateProgress } from '../../gates/report.ts';
import { describeResult, formatDuration, statusMarks } from './text.ts';
import { Terminal, type Io } from '../io.ts';
import { painter, type Paint } from '../output.ts';

/** Shows gates while they run, on standard error: standard output is for what they came to. */
export interface Screen {
  readonly show: (event: GateProgress) => void;
  /** Says something without disturbing the lines of the gates. */
  readonly say: (text: string) => void;
  readonly close: () => void;
}

/** A line that moves per gate where the terminal can do that, else a line per finished gate. */
export function openScreen(io: Io): Screen {
  const live = io.stderr.isTTY === true && io.environment()['TERM'] !== 'dumb';
  return live ? liveScreen(io) : plainScreen(io);
}

function plainScreen(io: Io): Screen {
  const say = (text: string) => void io.stderr.write(`${text}\n`);
  return {
    say,
    show: (event) => {
      if (event.kind === 'started') return;
      const { gate, result } = event;
      const took = formatDuration(result.durationMs);
      say(`${gate} ${result.status} (${took}): ${describeResult(result)}`);
    },
    close: () => undefined,
  };
}

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const frameMs = 100;

interface Line {
  readonly startedAt: number;
  readonly result?: GateResult;
}

function liveScreen(io: Io): Screen {
  const paint = painter(io, io.stderr);
  const lines = new Map<GateName, Line>();
  const notes: string[] = [];
  const update = createLogUpdate(new Terminal(io.stderr));
  let frame = 0;
  const render = () => {
    const symbol = frames[frame % frames.length] ?? '';
    const gates = [...lines].map(([gate, line]) => renderLine(gate, line, symbol, paint));
    update([...gates, ...notes].join('\n'));
  };
  const timer = setInterval(() => {
    frame += 1;
    render();
  }, frameMs);
  return {
    say: (text) => {
      notes.push(text);
      render();
    },
    show: (event) => {
      const startedAt = lines.get(event.gate)?.startedAt ?? Date.now();
      lines.set(event.gate, event.kind === 'started' ? { startedAt } : { startedAt, ...event });
      render();
    },
    close: () => {
      clearInterval(timer);
      update.done();
      io.stderr.write('\n');
    },
  };
}

function renderLine(gate: GateName, { startedAt, result }: Line, spinner: string, paint: Paint) {
  const name = gate.padEnd(9);
  if (result === undefined)
    return `${paint('cyan', spinner)} ${name} ${paint('dim', formatDuration(Date.now() - startedAt))}`;
  const { symbol, colour } = result.counts ? statusMarks[result.status] : statusMarks.skipped;
  const took = paint('dim', formatDuration(result.durationMs));
  return `${paint(colour, symbol)} ${name} ${paint(colour, result.status)} ${took}`;
}
