/** One system call of a trace, whole; `begin` and `end` are places in the trace, equal where nothing came between. */
export interface SystemCall {
  readonly begin: number;
  readonly end: number;
  readonly text: string;
}

/** Reads what `strace -f -o` wrote. It shows calls in two parts where another thread came between; they are put together. */
export function systemCalls(trace: string): SystemCall[] {
  const unfinished = new Map<string, { begin: number; text: string }>();
  const calls: SystemCall[] = [];
  for (const [place, line] of trace.split('\n').entries()) {
    const [, thread, text] = /^(\d+) +([^]*)$/.exec(line) ?? [];
    if (thread === undefined || text === undefined) continue;
    const rest = /^<\.\.\. \w+ resumed>([^]*)$/.exec(text)?.[1];
    if (text.endsWith('<unfinished ...>')) {
      const part = text.slice(0, -'<unfinished ...>'.length).trimEnd();
      unfinished.set(thread, { begin: place, text: part });
    } else if (rest === undefined) calls.push({ begin: place, end: place, text });
    else {
      const first = unfinished.get(thread) ?? { begin: place, text: '' };
      unfinished.delete(thread);
      calls.push({ begin: first.begin, end: place, text: first.text + rest });
    }
  }
  return calls;
}
