import { h } from 'preact';

import { issuePagePath, issueUrl } from '../../issue/plan.ts';
import { parseRef } from '../../issue/ref.ts';

/** Path of an issue's page; undefined for what is no reference, such as "an issue elsewhere". */
export function issuePath(ref: string): string | undefined {
  const parsed = parseRef(ref);
  return parsed && issuePagePath(parsed.repository, parsed.number);
}

interface IssueLinkProps {
  readonly issue: string;
  /** Of an issue that is not stored here, and has no page: the link leads to Gitea. */
  readonly giteaUrl?: string;
}

/** A link to an issue. */
export function IssueLink({ issue, giteaUrl }: IssueLinkProps) {
  const ref = parseRef(issue);
  if (ref === undefined) return h('span', null, issue);
  const href =
    giteaUrl === undefined
      ? issuePagePath(ref.repository, ref.number)
      : issueUrl(giteaUrl, ref.repository, ref.number);
  return h('a', { href }, issue);
}
