import { randomUUID } from 'node:crypto';
import {
  lstatSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';

import { CoordinatorError } from '../../errors.ts';
import { attempt } from '../files.ts';

/** The text of a file; undefined when there is none. */
export function readProjectFile(file: string): string | undefined {
  return attempt('file_unreadable', `Cannot read ${file}`, () =>
    // A link to nothing is there, and an error: writing would put a file in its place.
    lstatSync(file, { throwIfNoEntry: false }) === undefined
      ? undefined
      : readFileSync(file, 'utf8'),
  );
}

/** The value of a JSON file; an empty object when there is no file, or an empty one. */
export function readJson(text: string | undefined, path: string): unknown {
  if (text === undefined || text.trim() === '') return {};
  try {
    return JSON.parse(text, keepable);
  } catch (error) {
    if (error instanceof CoordinatorError) throw error;
    throw new CoordinatorError(
      'file_not_json',
      `${path} is not JSON, so nothing was changed: correct it, or move it away. (${error instanceof Error ? error.message : ''})`,
      { cause: error },
    );
  }
}

/** JSON with the indent of an earlier text, two blanks by default. */
export function toJson(value: unknown, like = ''): string {
  const indent = /^[{[]\r?\n([ \t]+)/.exec(like)?.[1] ?? '  ';
  return `${JSON.stringify(value, undefined, indent)}\n`;
}

/** Refuses what would be lost when the file is written again. */
function keepable(key: string, value: unknown): unknown {
  const isLarge = typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER;
  if (!isLarge && key !== '__proto__') return value;
  throw new CoordinatorError(
    'file_unexpected',
    `A value would be lost at ${JSON.stringify(key)}, so nothing was changed: add the settings by hand (connect claude without --write prints them).`,
  );
}

/**
 * Replaces a file as a whole, so that a reader sees the old text or the new one; false when they say the same. A
 * file that is a link stays one. What somebody writes between read and write is lost.
 */
export function writeProjectFile(
  file: string,
  { before, after }: { readonly before: string | undefined; readonly after: string },
): boolean {
  if (before !== undefined && isSame(before, after)) return false;
  attempt('file_unwritable', `Cannot write ${file}`, () => {
    mkdirSync(dirname(file), { recursive: true });
    const target = before === undefined ? file : realpathSync(file);
    const part = `${target}.${randomUUID()}.part`;
    try {
      const mode = before === undefined ? 0o644 : statSync(target).mode;
      writeFileSync(part, after, { mode, flag: 'wx' });
      renameSync(part, target);
    } finally {
      rmSync(part, { force: true });
    }
  });
  return true;
}

/** Equal text, or the same JSON in another layout. */
function isSame(before: string, after: string): boolean {
  if (before === after) return true;
  try {
    return JSON.stringify(JSON.parse(before)) === JSON.stringify(JSON.parse(after));
  } catch {
    return false;
  }
}
