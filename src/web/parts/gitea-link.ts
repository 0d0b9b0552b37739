import { h } from 'preact';

import { issueUrl } from '../../issue/plan.ts';
import { shortHash } from '../../issue/reasons.ts';
import type { IssueRef } from '../../issue/ref.ts';
import { withoutInvisible } from '../../lib/text.ts';

interface PlaceProps {
  readonly giteaUrl: string;
  readonly repository: string;
}

/** A page of a repository on Gitea; undefined when a part of the path would lead elsewhere, or is no text. */
function pageOf({ giteaUrl, repository }: PlaceProps, parts: readonly string[]) {
  const all = [...repository.split('/'), ...parts];
  const isPlain = (part: string) => !['', '.', '..'].includes(part) && part.isWellFormed();
  if (!all.every(isPlain)) return undefined;
  return `${giteaUrl}/${all.map(encodeURIComponent).join('/')}`;
}

/** The issue on Gitea. */
export function GiteaIssue({ giteaUrl, issue }: { giteaUrl: string; issue: IssueRef }) {
  return h('a', { href: issueUrl(giteaUrl, issue.repository, issue.number) }, 'on Gitea');
}

/** A comment on the issue. */
export function commentUrl(giteaUrl: string, issue: IssueRef, id: number): string {
  return `${issueUrl(giteaUrl, issue.repository, issue.number)}#issuecomment-${id}`;
}

/** A pull request on Gitea. */
export function pullUrl(place: PlaceProps, pull: number): string | undefined {
  return pageOf(place, ['pulls', String(pull)]);
}

/** The first digits of a hash, with the whole of it where the pointer rests. */
export function Hash({ hash }: { readonly hash: string }) {
  const whole = withoutInvisible(hash);
  const isHash = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/.test(whole);
  return h('code', { title: whole }, isHash ? shortHash(whole) : whole);
}

/** A commit on Gitea, by the first digits of its hash. */
export function CommitLink({ commit, ...place }: PlaceProps & { readonly commit: string }) {
  const href = pageOf(place, ['commit', commit]);
  return h('a', { href }, h(Hash, { hash: commit }));
}

interface FileProps extends PlaceProps {
  readonly commit: string;
  /** Path within the repository; from a report, so that it may be anything. */
  readonly file: string;
  readonly line: number | null;
  /** True: the name of the file stands above. */
  readonly short?: boolean;
}

/** A line of a file as the commit has it. */
export function FileLink({ commit, file, line, short = false, ...place }: FileProps) {
  const at = line === null ? '' : `:${line}`;
  const text = h('code', null, short ? `line ${line ?? ''}` : withoutInvisible(`${file}${at}`));
  const page = pageOf(place, ['src', 'commit', commit, ...file.split('/')]);
  if (page === undefined) return text;
  return h('a', { href: line === null ? page : `${page}#L${line}` }, text);
}
