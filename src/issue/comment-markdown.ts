import { issueUrl } from './plan.ts';
import { parseRef } from './ref.ts';

/** Longer names are not shown: Gitea has none. */
const longestRef = 150;
/** Below a longer base URL nothing is linked, so that a comment stays short. */
const longestBase = 200;

/**
 * A link to an issue below `giteaUrl`. The slash at its end keeps Gitea from writing "mentioned this issue"
 * into the other issue's timeline with each edit: the address leads to the same page, but is not taken for a
 * reference. (Seen on 1.25.4; a bare reference or the address without the slash is one.)
 */
export function issueLink(giteaUrl: string, text: string): string {
  const ref = text.length > longestRef ? undefined : parseRef(text);
  if (ref === undefined) return 'an issue whose name cannot be shown';
  if (giteaUrl.length > longestBase) return codeSpan(text);
  const url = `${issueUrl(giteaUrl, ref.repository, ref.number)}/`.replace(
    /[()@!'*<>\\]/g,
    encoded,
  );
  // Of what a reference can hold, only the underscore means something in Markdown.
  return `[${text.replaceAll('_', '\\_')}](${url})`;
}

/** An issue by name alone: in code Gitea sees no reference. */
export function issueName(text: string): string {
  return text.length <= longestRef && parseRef(text) !== undefined
    ? codeSpan(text)
    : 'an issue whose name cannot be shown';
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

function encoded(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}
