import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

import { claimedIssue } from '../issue/claim-answers.ts';
import { parseJson } from '../lib/text.ts';

const entrySchema = z.object({
  /** Idempotency-Key of the call for a claim: the same call again gives the same claim. */
  key: z.string(),
  /** What was asked for with it. */
  wish: z.object({
    agents: z.array(z.string()).optional(),
    repositories: z.array(z.string()).optional(),
  }),
  claim: claimedIssue.optional(),
  /** By it the processes of the agent are found. */
  marker: z.string().optional(),
  /** Session of the agent that another run can go on with. */
  session: z.string().optional(),
  /** The agent has said that it is done, and its commits were not submitted yet. */
  isDone: z.boolean().default(false),
  /** The verification that is waited for. */
  verification: z.object({ id: z.string(), commit: z.string() }).optional(),
  /** Verdicts that refused a commit of the claim, and the last such commit. */
  rounds: z.number().int().default(0),
  refused: z.string().optional(),
  rotations: z.number().int().default(0),
  /** What the session before has left. */
  handoff: z.string().optional(),
  /** Of the runs that have ended. */
  spent: z.object({ tokens: z.number(), costUsd: z.number().optional() }).default({ tokens: 0 }),
  startedAt: z.number().default(0),
});
export type JournalEntry = z.infer<typeof entrySchema>;

export type Journal = ReturnType<typeof createJournal>;

/**
 * What one of the jobs of a runner has under way, on disk: a runner that was killed goes on with it at its next start.
 * It holds the token of the claim, which is of no use without that of the runner.
 */
export function createJournal(directory: string, slot: number) {
  const path = join(directory, `job-${slot}.json`);
  let entry: JournalEntry | undefined;

  async function write(): Promise<void> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const fresh = `${path}.new`;
    await writeFile(fresh, JSON.stringify(entry), { mode: 0o600, flush: true });
    await rename(fresh, path);
  }

  return {
    /** What was under way when the runner was killed; undefined for nothing. */
    async read(): Promise<JournalEntry | undefined> {
      const text = await readFile(path, 'utf8').catch(() => '');
      entry = entrySchema.safeParse(parseJson(text)).data;
      return entry;
    },
    async begin(key: string, wish: JournalEntry['wish']): Promise<JournalEntry> {
      entry = entrySchema.parse({ key, wish });
      await write();
      return entry;
    },
    /** Adds to the entry. */
    async note(more: Partial<JournalEntry>): Promise<void> {
      if (entry === undefined) throw new RangeError('nothing is under way');
      entry = { ...entry, ...more };
      await write();
    },
    async clear(): Promise<void> {
      entry = undefined;
      await rm(path, { force: true });
    },
  };
}
