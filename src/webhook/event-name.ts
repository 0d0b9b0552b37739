import type { IncomingHttpHeaders } from 'node:http';

/** Gitea and Forgejo send the same header under several names. */
const vendors = ['gitea', 'forgejo', 'github', 'gogs'];

/** Put together once: a delivery asks for several. */
const headerNames = {
  event: vendors.map((vendor) => `x-${vendor}-event`),
  'event-type': vendors.map((vendor) => `x-${vendor}-event-type`),
  delivery: vendors.map((vendor) => `x-${vendor}-delivery`),
};

/** The name of one event; a header that was sent twice arrives joined by a comma and a blank. */
const namePattern = /^[a-z0-9_-]{1,60}$/;

/** Types of the event `issues`; every other type that matters is the name of its event. */
const issueTypes: ReadonlySet<string> = new Set(['issue_assign', 'issue_label', 'issue_milestone']);

export function isEventName(text: string): boolean {
  return namePattern.test(text);
}

/** A header of a delivery under the first vendor that fills it in; undefined: none does. */
export function headerOf(
  headers: IncomingHttpHeaders,
  name: keyof typeof headerNames,
): string | undefined {
  for (const header of headerNames[name]) {
    const value = headers[header];
    if (typeof value === 'string' && value.trim() !== '') return value.trim();
  }
  return undefined;
}

/**
 * The event of a delivery, or what is wrong with its headers. Some versions of Gitea leave the event empty for
 * `status`; then the finer type decides.
 */
export function eventNameOf(
  headers: IncomingHttpHeaders,
): { readonly name: string } | { readonly problem: string } {
  const given = headerOf(headers, 'event') ?? headerOf(headers, 'event-type');
  if (given === undefined)
    return {
      problem: 'The delivery has neither an X-Gitea-Event nor an X-Gitea-Event-Type header.',
    };
  if (!isEventName(given))
    return { problem: 'The X-Gitea-Event header is not the name of one event.' };
  return { name: issueTypes.has(given) ? 'issues' : given };
}
