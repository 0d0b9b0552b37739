/** Permanent identity of an issue: repositories get renamed, ids and numbers stay. */
export interface IssueKey {
  readonly repositoryId: number;
  readonly number: number;
}

/** An issue as people write it. */
export interface IssueRef {
  readonly repository: string;
  readonly number: number;
}

/** One string per issue, for maps and sets. */
export function keyOf(issue: IssueKey): string {
  return `${issue.repositoryId}#${issue.number}`;
}

/** `acme/orbit#12`. */
export function formatRef(ref: IssueRef): string {
  return `${ref.repository}#${ref.number}`;
}

/** A ref as it is typed in a repository: `#12` where that is its own, whatever the case of the name. */
export function refWithin(repository: string, ref: string): string {
  const at = ref.lastIndexOf('#');
  return ref.slice(0, at).toLowerCase() === repository.toLowerCase() ? ref.slice(at) : ref;
}

const refPattern = /^([\w.-]+\/[\w.-]+)#([1-9]\d{0,15})$/;

/** Reads `owner/repo#12`; undefined when the text is anything else. */
export function parseRef(text: string): IssueRef | undefined {
  const match = refPattern.exec(text);
  const number = Number(match?.[2]);
  if (match?.[1] === undefined || !Number.isSafeInteger(number)) return undefined;
  return { repository: match[1], number };
}

/** One name for an issue seen from another: `#7` in its own repository, else `acme/lib#7` in lower case. */
export function localRef(
  { repository: own }: Pick<IssueRef, 'repository'>,
  { repository, number }: { readonly repository: string | null; readonly number: number },
): string {
  return refWithin(own, formatRef({ repository: (repository ?? own).toLowerCase(), number }));
}

/** The same from what somebody wrote, also `7` and `#7 `; undefined when that names no issue. */
export function parseLocalRef(
  issue: Pick<IssueRef, 'repository'>,
  said: string,
): string | undefined {
  const text = said.trim();
  const own = /^[#!]?(\d{1,9})$/.exec(text)?.[1];
  const ref = parseRef(own === undefined ? text : `${issue.repository}#${own}`);
  return ref === undefined ? undefined : localRef(issue, ref);
}
