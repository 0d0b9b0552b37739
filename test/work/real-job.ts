import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import { z } from 'zod';

import { createClaude } from '../../src/work/adapters/claude.ts';
import { runAgent } from '../../src/work/agent-run.ts';
import { runJob } from '../../src/work/job.ts';
import { createJournal, type JournalEntry } from '../../src/work/journal.ts';
import { createWorkspace } from '../../src/work/workspace/workspace.ts';
import { searchPath } from '../support/process.ts';
import { processesOf } from '../support/processes.ts';
import { temporaryDirectory } from '../support/service.ts';
import { createRepository } from '../verifier/support/repository.ts';
import { claim, setStage } from './job-stage.ts';

const fixtures = new URL('../fixtures/claude-code/', import.meta.url);

/** One run of a program that stands in the place of Claude Code. */
export interface Play {
  readonly lines: readonly string[];
  /** Code, or the signal by which it dies. */
  readonly exit: number | NodeJS.Signals;
  /** What it does to its checkout. */
  readonly work?: 'commit' | 'leave a file' | 'nothing';
  readonly stderr?: string;
}

export function recorded(name: string): readonly string[] {
  const text = readFileSync(new URL(`${name}.jsonl`, fixtures), 'utf8');
  return text.trimEnd().split('\n');
}

/** Each run leaves a process that has left its session and ignores SIGTERM: the runner has to end it. */
function programOf(plays: readonly Play[]): string {
  return `#!${process.execPath}
const { execFileSync, spawn } = require('node:child_process');
const fs = require('node:fs');
const plays = ${JSON.stringify(plays)};
const counter = __dirname + '/runs';
const n = fs.existsSync(counter) ? Number(fs.readFileSync(counter, 'utf8')) : 0;
fs.writeFileSync(counter, String(n + 1));
const { lines, exit, work, stderr } = plays[Math.min(n, plays.length - 1)];
spawn(process.execPath, ['--eval', "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)"],
  { detached: true, stdio: 'ignore' }).unref();
if (work === 'commit') {
  fs.writeFileSync('done-' + n + '.txt', 'done');
  execFileSync('git', ['add', '--all']);
  execFileSync('git', ['commit', '--quiet', '--message', 'Work ' + n]);
}
if (work === 'leave a file') fs.writeFileSync('half-' + n + '.txt', 'half');
if (stderr) fs.writeSync(2, stderr);
fs.writeSync(1, lines.map((line) => line + '\\n').join(''));
if (typeof exit === 'number') process.exit(exit);
process.kill(process.pid, exit);
setInterval(() => {}, 1000);
`;
}

const endedSchema = z.object({ msg: z.string(), outcome: z.string().optional() });

/**
 * A whole job with a program in the place of Claude Code: real processes, a real repository, and a client that writes
 * down what the coordinator is told. `left` is what is there after its end.
 */
export async function playRealJob(plays: readonly Play[], noted: Partial<JournalEntry> = {}) {
  const repository = createRepository();
  onTestFinished(() => repository[Symbol.dispose]());
  const programs = temporaryDirectory();
  const program = join(programs, 'claude');
  writeFileSync(program, programOf(plays));
  chmodSync(program, 0o755);
  const lines: string[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) });
  const { deps, calls, stop, abandon } = setStage([]);
  const environment = { PATH: searchPath, HOME: programs };
  const author = { name: 'Ann', email: 'ann@example.test' };
  const journal = createJournal(join(deps.directory, 'journal'), 1);
  const entry = await journal.begin('key', {});
  const end = await runJob(
    {
      ...{ claim, entry: { ...entry, ...noted }, journal, show: () => undefined },
      ...{ stop: stop.signal, abandon: abandon.signal },
    },
    {
      ...deps,
      ...{ log, runAgent, adapter: createClaude({ program }), environment },
      ...{ cloneUrl: `file://${repository.bare}`, directory: deps.directory },
      workspace: createWorkspace({ directory: deps.directory, environment, author, log }),
    },
  );
  const worktree = join(deps.directory, 'issues', '2-12', 'worktree');
  const git = (...args: readonly string[]) => repository.git('-C', worktree, ...args);
  const branch = 'agent/issue-12-add-a-queue';
  const files = readdirSync(deps.directory, { recursive: true, encoding: 'utf8' });
  return {
    ...{ end, calls },
    outcomes: lines
      .map((line) => endedSchema.parse(JSON.parse(line)))
      .flatMap(({ msg, outcome }) => (msg === 'the agent has ended' ? [outcome] : [])),
    left: {
      processes: processesOf(deps.directory).length,
      locks: files.filter((file) => /\.lock$|gc\.pid$/.test(file)),
      homes: readdirSync(join(deps.directory, 'homes')),
      marker: (await journal.read())?.marker,
      /** Of the checkout: what is not committed, and the commits that are on the remote or not. */
      uncommitted: git('status', '--porcelain'),
      commits: Number(git('rev-list', '--count', 'origin/main..HEAD')),
      isPushed: repository.git('ls-remote', 'origin', branch).startsWith(git('rev-parse', 'HEAD')),
    },
  };
}
