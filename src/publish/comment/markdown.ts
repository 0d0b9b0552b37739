import { parseRef } from '../../issue/ref.ts';

/** Maximum length of a name that is shown: Gitea has no longer ones. */
const maxRefLength = 150;
const nameless = 'an issue whose name cannot be shown';

/**
 * A reference that Gitea shows as a link to the issue below the address people know it by. With the number
 * sign as an entity it leaves no "mentioned this issue" in the other issue's timeline and does not make it
 * look changed, as every other form of link does (tried on 1.25.4).
 */
export function issueLink(text: string): string {
  if (!isName(text)) return nameless;
  // Of what else a reference can hold, only the underscore means something in Markdown.
  return text.replaceAll('_', '\\_').replace('#', '&#35;');
}

/** An issue by name alone: in code Gitea sees no reference. */
function issueName(text: string): string {
  return isName(text) ? codeSpan(text) : nameless;
}

/** The name of an agent; it was checked when the profiles were read, but a stored plan may be older. */
export function agentName(name: string | null | undefined): string {
  return /^[a-z][a-z0-9_-]{0,39}$/.test(name ?? '') ? codeSpan(name ?? '') : 'an agent';
}

/** The first of these issues by name alone; others than whole references are left out. */
export function namesOf(refs: readonly string[], max: number): string {
  return distinctRefs(refs, max).map(issueName).join(', ');
}

/** The same as links. */
export function linksOf(refs: readonly string[], max: number): string[] {
  return distinctRefs(refs, max).map(issueLink);
}

function distinctRefs(refs: readonly string[], max: number): string[] {
  return [...new Set(refs.filter(isName))].slice(0, max);
}

/** As many of these lines as a reader wants, and how many more there are. */
export function shortened(
  lines: readonly string[],
  limit: { readonly lines: number; readonly characters: number },
): string[] {
  const shown: string[] = [];
  let characters = 0;
  for (const line of lines) {
    characters += line.length;
    if (shown.length === limit.lines || characters > limit.characters) break;
    shown.push(line);
  }
  const more = lines.length - shown.length;
  return more === 0 ? shown : [...shown, shown.length === 0 ? `${more}` : `and ${more} more`];
}

function codeSpan(text: string): string {
  return `\`${text}\``;
}

function isName(text: string): boolean {
  return text.length <= maxRefLength && parseRef(text) !== undefined;
}
