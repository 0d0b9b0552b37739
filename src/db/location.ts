/** True for the address of a PostgreSQL server, as opposed to the path of a file of SQLite. */
export function isPostgresUrl(location: string): boolean {
  return /^postgres(ql)?:\/\//.test(location);
}

/** The address of a database for people: without user, password and parameters. A path is shown as it is. */
export function shownLocation(location: string): string {
  if (!isPostgresUrl(location)) return location;
  const url = new URL(location);
  return `postgres://${url.host}${url.pathname}`;
}
