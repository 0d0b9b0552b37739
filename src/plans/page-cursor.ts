import { z } from 'zod';

import { CoordinatorError } from '../errors.ts';

/** Where a page of a list ends that is sorted by the newest change. */
export type Position = [changedAt: number, repositoryId: number, number: number];
const positionSchema = z.tuple([z.int(), z.int(), z.int()]);

export function encodeCursor(position: Position): string {
  return Buffer.from(position.join(' ')).toString('base64url');
}

/** Throws `invalid_cursor`. */
export function decodeCursor(cursor: string): Position {
  const numbers = Buffer.from(cursor, 'base64url').toString().split(' ').map(Number);
  const parsed = positionSchema.safeParse(numbers);
  if (parsed.success) return parsed.data;
  throw new CoordinatorError('invalid_cursor', 'cursor is not one that this list gave out.');
}
