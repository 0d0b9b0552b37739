import { z } from 'zod';

import type { CommitCheck } from '../issue/verification.ts';
import { repositoryPath } from './address.ts';
import { readsValue } from './replies.ts';
import { repositoryName } from './schemas.ts';
import { unexpected, type GiteaAnswer, type Transport } from './transport.ts';

/** Commits of which the files are looked at: one with a file is enough. */
const commitsRead = 5;

const hash = z.string().regex(/^[0-9a-f]{40,64}$/);
const placeSchema = z.object({
  full_name: repositoryName,
  default_branch: z.string(),
  empty: z.boolean(),
});
const commitSchema = z.object({ sha: hash });
const branchSchema = z.object({ commit: z.object({ id: hash }) });
const commitsSchema = z.array(z.object({ files: z.array(z.looseObject({})).nullish() }));
const unreadable = { kind: 'unreadable' } as const;

/** Calls about commits. */
export function createCommitCalls({ exchange, failed }: Transport) {
  /**
   * Looks for a commit in a repository, and for what it has that the default branch has not. A commit that only
   * a fork has is missing; one of a pull request from a fork is there.
   */
  async function checkCommit(
    repositoryId: number,
    commit: string,
    signal: AbortSignal,
  ): Promise<CommitCheck> {
    // By its id: it may have been renamed.
    const known = await read(`repositories/${repositoryId}`, placeSchema, signal);
    if (typeof known === 'string') return unreadable;
    const { full_name: repository, default_branch: branch, empty } = known;
    const base = repositoryPath(repository);
    if (base === undefined) return unreadable;
    if (empty) return { kind: 'missing', repository };
    const plain = 'stat=false&verification=false';
    const path = `${base}/git/commits/${encodeURIComponent(commit)}?${plain}&files=false`;
    const found = await read(path, commitSchema, signal);
    if (found === 'forbidden') return unreadable;
    if (found === 'missing') return { kind: 'missing', repository };
    const without = `not=${encodeURIComponent(`refs/heads/${branch}`)}&limit=${commitsRead}`;
    const list = `${base}/commits?sha=${found.sha}&${without}&${plain}`;
    const ahead = await read(list, commitsSchema, signal);
    if (typeof ahead === 'string') throw failed(unexpected('gave no answer about a commit'));
    const isChange =
      ahead.length >= commitsRead ||
      ahead.some(({ files }) => files === null || files === undefined || files.length > 0);
    if (!isChange) return { kind: 'no_change', repository, branch };
    const head = await read(`${base}/branches/${encodeURIComponent(branch)}`, branchSchema, signal);
    if (typeof head === 'string') throw failed(unexpected('gave no answer about a branch'));
    return { kind: 'change', commit: found.sha, base: { branch, commit: head.commit.id } };
  }

  async function read<T>(
    path: string,
    schema: z.ZodType<T>,
    signal: AbortSignal,
  ): Promise<T | 'missing' | 'forbidden'> {
    const readAnswer = (answer: GiteaAnswer) =>
      // The bot may be a reader of issues alone.
      answer.status === 403 ? ({ kind: 'forbidden' } as const) : readsValue(schema)(answer);
    const result = await exchange({ method: 'GET', path }, readAnswer, signal);
    if (result.kind === 'ok') return result.value;
    if (result.kind === 'missing' || result.kind === 'forbidden') return result.kind;
    throw failed(unexpected('gave no answer about a commit'));
  }

  return { checkCommit };
}
