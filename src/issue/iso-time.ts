/** A time as it is told outside: ISO 8601 in UTC. `epochMs`: milliseconds. */
export function isoTime(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
