import { withoutNul } from '../lib/text.ts';

/**
 * Bounds of what Gitea says about an issue, whether a delivery or the API says it. Gitea's own are lower (255
 * characters for a title, 50 for a label, 40 for a login), so only an invented payload is cut.
 */
const titleLimit = 1_020;
const labelLimit = 200;
const labelCountLimit = 200;
const loginLimit = 100;
const loginCountLimit = 200;
const repositoryNameLimit = 255;

/** A title as it is stored: bounded and well formed. */
export function boundedTitle(title: string): string {
  return bounded(title, titleLimit);
}

/** The names of labels; what is beyond the bounds of one name or of their number is cut. */
export function boundedLabels(names: readonly string[]): string[] {
  return boundedNames(names, labelLimit, labelCountLimit);
}

/** The logins of assignees, cut in the same way. */
export function boundedLogins(names: readonly string[]): string[] {
  return boundedNames(names, loginLimit, loginCountLimit);
}

/** True for `owner/name` as Gitea allows it: no part is `.` or `..`, which would be another path. */
export function isRepositoryName(name: string): boolean {
  if (name.length > repositoryNameLimit || !/^[\w.-]+\/[\w.-]+$/.test(name)) return false;
  return name.split('/').every((part) => part !== '.' && part !== '..');
}

function boundedNames(names: readonly string[], limit: number, count: number): string[] {
  return [...new Set(names.map((name) => bounded(name, limit)))].slice(0, count);
}

/**
 * At most `limit` characters of a text as the databases keep it: half a surrogate pair would come back as another
 * text, and PostgreSQL takes no U+0000.
 */
export function bounded(text: string, limit: number): string {
  return withoutNul(text.slice(0, limit).toWellFormed());
}
