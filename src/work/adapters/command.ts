import { join, resolve, sep } from 'node:path';

import { z } from 'zod';

import { oneLine, parseJson } from '../../lib/text.ts';
import { type Adapter, type AgentEvent, type AgentReader, wordsLimit } from './adapter.ts';
import { startProblemEnd, stoppedEnd } from './common-ends.ts';
import { exitMeanings } from './exit-meanings.ts';

/**
 * Any program as an agent: the prompt on standard input and in a file, exit code 0 for done. What it writes to
 * standard output is its last words, but for lines that report figures.
 */
export function createCommand([program = '', ...args]: readonly string[]): Adapter {
  return {
    name: 'command',
    can: { liveContext: false, hearsWhileRunning: false, showsLife: false, resumes: false },
    start: ({ prompt, home, model, resume }) => ({
      // A path means the operator's folder, not the worktree, whose files are not his.
      command: program.includes(sep) ? resolve(program) : program,
      args,
      input: prompt,
      environment: {
        MOSAIC_PROMPT_FILE: join(home, promptFile),
        MOSAIC_HANDOFF_FILE: join(home, 'handoff.md'),
        MOSAIC_AGAIN: resume ? '1' : '0',
        ...(model === undefined ? {} : { MOSAIC_MODEL: model }),
      },
      files: { [promptFile]: prompt },
    }),
    createReader: createCommandReader,
  };
}

const promptFile = 'prompt.md';

/** A line that reports figures; the names are those of a heartbeat. `tokens` and `costUsd` are sums of the run. */
const figures = z.object({
  contextUsed: z.number().nonnegative().optional(),
  contextLimit: z.number().positive().optional(),
  tokens: z.number().nonnegative().optional(),
  costUsd: z.number().nonnegative().optional(),
});

function createCommandReader(): AgentReader {
  let words = '';
  return {
    read(line) {
      const told = line.startsWith('{') ? figures.safeParse(parseJson(line)).data : undefined;
      const events = told === undefined ? [] : eventsOf(told);
      if (events.length === 0) words = `${words}${line}\n`.slice(-wordsLimit);
      return events;
    },
    judge(exit) {
      const text = words.toWellFormed().trim();
      const known = startProblemEnd(exit) ?? stoppedEnd(exit);
      if (known !== undefined) return { ...known, text };
      const code = exit.code ?? -1;
      const { outcome, words: meaning } = exitMeanings[code] ?? {
        ...{ outcome: 'crashed', words: 'it failed' },
      };
      const complaint = code === 0 ? '' : oneLine(exit.stderr.slice(-300), 300);
      return { outcome, message: `Exit code ${code}: ${meaning}. ${complaint}`.trim(), text };
    },
  };
}

function eventsOf({ contextUsed, contextLimit, tokens, costUsd }: z.infer<typeof figures>) {
  const events: AgentEvent[] = [];
  if (contextUsed !== undefined)
    events.push({
      ...{ kind: 'context', used: contextUsed },
      ...(contextLimit !== undefined && { window: contextLimit }),
    });
  if (tokens !== undefined)
    events.push({ kind: 'spent', spent: { tokens, ...(costUsd !== undefined && { costUsd }) } });
  return events;
}
