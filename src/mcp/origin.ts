/** A name that no foreign DNS can point here: localhost, or an address. */
const ownName = /^(localhost|\d{1,3}(\.\d{1,3}){3}|\[[\da-f:.]+\])$/i;

/**
 * True for a request that a web page may not have made. Programs send no Origin; a page always does with a POST. One
 * is let in only from the same host and port, and only where that is an address or localhost: a name could be one
 * that its owner points here (DNS rebinding). Host alone is not looked at, because behind a proxy any name is right.
 */
export function mayCall(origin: string | undefined, host: string | undefined): boolean {
  if (origin === undefined) return true;
  if (host === undefined || !URL.canParse(origin)) return false;
  const page = new URL(origin);
  return page.host === host.toLowerCase() && ownName.test(page.hostname);
}
