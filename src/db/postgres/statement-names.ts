/** Maximum of prepared statements of a connection: each costs memory in the server. */
const maxStatements = 250;
/** Longer ones carry long lists, of a length of their own each time. */
const maxLength = 8_000;

/**
 * Names of the statements of one connection, by their SQL. PostgreSQL plans a named one for the first calls alone, and
 * planning costs more than four times as much as doing what our statements do. A statement gets its name when it
 * comes a second time.
 */
export function createStatementNames() {
  const names = new Map<string, string>();
  const seen = new Set<string>();
  let generation = 1;

  function nameOf(sql: string): string | undefined {
    const known = names.get(sql);
    if (known !== undefined || sql.length > maxLength || names.size >= maxStatements) return known;
    if (!seen.has(sql)) {
      if (seen.size >= maxStatements) seen.clear();
      seen.add(sql);
      return undefined;
    }
    seen.delete(sql);
    const name = `mosaic_${generation}_${names.size + 1}`;
    names.set(sql, name);
    return name;
  }

  /** Has all statements prepared anew, since the tables have changed. */
  function renew(): void {
    names.clear();
    generation += 1;
  }

  return { nameOf, renew };
}
