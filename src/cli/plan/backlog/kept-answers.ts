import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

import { recallAnswer, rememberAnswer } from '../../../claude/answers.ts';
import type { Environment } from '../../../config.ts';
import { createDatabase } from '../../../db/database.ts';
import { migrate } from '../../../db/migrations.ts';
import { createPrivateFile } from '../../../db/sqlite/private-files.ts';
import { CoordinatorError, describeError, StoreUnavailable } from '../../../errors.ts';
import type { ClaudeDeps } from '../../../reading/reader.ts';

/** Claude's answers of earlier runs, in a database of their own. */
export interface KeptAnswers extends Pick<ClaudeDeps, 'recall' | 'remember'> {
  /** Answers that were there already. */
  readonly recalled: () => number;
  readonly close: () => Promise<void>;
}

/** The folder of the answers: `$XDG_CACHE_HOME/mosaic-coordinator/plan`, or below `~/.cache`. */
export function defaultCache(environment: Environment): string {
  const { XDG_CACHE_HOME: cache = '' } = environment;
  const top = isAbsolute(cache) ? cache : join(homedir(), '.cache');
  return join(top, 'mosaic-coordinator', 'plan');
}

/** Opens the answers kept in a folder, which is made for its owner alone. Throws `cache_unusable`. */
export async function openKeptAnswers(directory: string): Promise<KeptAnswers> {
  const path = join(directory, 'answers.db');
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    createPrivateFile(path);
  } catch (error) {
    throw unusable(directory, error);
  }
  const db = createDatabase(path);
  try {
    await migrate(db);
  } catch (error) {
    await db.destroy();
    throw unusable(directory, error);
  }
  let recalled = 0;
  return {
    recall: async (key) => {
      const answer = await kept(recallAnswer(db, key));
      if (answer !== undefined) recalled += 1;
      return answer;
    },
    remember: (key, answer) => kept(rememberAnswer(db, key, answer, Date.now())),
    recalled: () => recalled,
    close: () => db.destroy(),
  };

  async function kept<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      throw unusable(directory, error);
    }
  }
}

function unusable(directory: string, error: unknown): CoordinatorError {
  // The cure that a fault of the store names is for the database of the service.
  const cause =
    error instanceof StoreUnavailable
      ? `${error.message.split('. ', 1).join('')}.`
      : describeError(error);
  return new CoordinatorError(
    'cache_unusable',
    `Cannot keep Claude's answers in ${directory}: ${cause} Name another folder with --cache, or delete this one.`,
    { cause: error },
  );
}
