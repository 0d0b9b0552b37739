import { h } from 'preact';

import { issuePagePath } from '../../issue/plan.ts';
import { parseRef } from '../../issue/ref.ts';

/** Path of an issue's page; undefined for what is no reference, such as "an issue elsewhere". */
export function issuePath(ref: string): string | undefined {
  const parsed = parseRef(ref);
  return parsed && issuePagePath(parsed.repository, parsed.number);
}

/** A link to the page of an issue. */
export function IssueLink({ issue }: { readonly issue: string }) {
  const path = issuePath(issue);
  return path === undefined ? h('span', null, issue) : h('a', { href: path }, issue);
}
