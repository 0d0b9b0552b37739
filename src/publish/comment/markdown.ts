import { parseRef } from '../../issue/ref.ts';

/** Longer names are not shown: Gitea has none. */
const longestRef = 150;
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
export function issueName(text: string): string {
  return isName(text) ? codeSpan(text) : nameless;
}

/** The name of an agent; it was checked when the profiles were read, and stored texts are older. */
export function agentName(name: string | null | undefined): string {
  return /^[a-z][a-z0-9_-]{0,39}$/.test(name ?? '') ? codeSpan(name ?? '') : 'an agent';
}

/** A stable code of ours. */
export function codeName(code: string): string {
  return /^[a-z][a-z0-9_]{0,59}$/.test(code) ? codeSpan(code) : codeSpan('unknown');
}

/** References that stand in one of our sentences; other words of it are not looked at. */
export function refsIn(sentence: string, most: number): string[] {
  const found = sentence
    .slice(0, 2_000)
    .match(/(?<![\w./-])[\w.-]{1,80}\/[\w.-]{1,80}#\d{1,15}(?!\w)/g);
  return [...new Set(found)].filter((text) => parseRef(text) !== undefined).slice(0, most);
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
  return text.length <= longestRef && parseRef(text) !== undefined;
}
