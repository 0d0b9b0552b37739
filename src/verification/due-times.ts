import { sql, type RawBuilder } from 'kysely';

/** Whether a time has come; one further away than the longest wait is that of a clock that was put back since. */
export function isDue(
  time: RawBuilder<unknown>,
  { now, longestMs }: { readonly now: number; readonly longestMs: number },
): RawBuilder<boolean> {
  return sql<boolean>`(${time} <= ${now} or ${time} > ${now + 2 * longestMs})`;
}
