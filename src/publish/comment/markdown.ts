import { parseRef } from '../../issue/ref.ts';
import { oneLine, withoutInvisible } from '../../lib/text.ts';

/** Maximum length of a name that is shown: Gitea has no longer ones. */
const maxRefLength = 150;

/** The repository of a reference that can be shown; undefined for any other text. */
export function repositoryOf(ref: string): string | undefined {
  return ref.length <= maxRefLength ? parseRef(ref)?.repository : undefined;
}

/**
 * A reference that Gitea shows as a link to the issue below the address people know it by. With the number
 * sign as an entity it leaves no "mentioned this issue" in the other issue's timeline and does not make it
 * look changed, as every other form of link does (tried on 1.25.4).
 */
export function issueLink(ref: string): string {
  // Of what else a reference can hold, only the underscore means something in Markdown.
  return ref.replaceAll('_', '\\_').replace('#', '&#35;');
}

/** Words to type, or a name: in code Gitea sees no reference. */
export function code(text: string): string {
  return `\`${text}\``;
}

const maxQuote = { characters: 100, bytes: 200 };
/** Signs that could be more than text; each becomes one that looks like it. */
const lookAlikes: Readonly<Record<string, string>> = {
  '`': "'",
  '@': '＠',
  '<': '‹',
  '>': '›',
  '&': '＆',
};

/** Words of an issue as data: one bounded line of code, in which nothing is a mention, a reference or markup. */
export function quoted(words: string): string {
  const line = oneLine(withoutInvisible(words), maxQuote.characters);
  const plain = line.replace(/[`@<>&]/g, (sign) => lookAlikes[sign] ?? '');
  const short = shortestOf(plain);
  return short === '' ? 'its text' : code(short);
}

function shortestOf(line: string): string {
  let shown = line;
  while (Buffer.byteLength(shown) > maxQuote.bytes)
    shown = `${shown.slice(0, Math.floor(shown.length * 0.8) - 1).toWellFormed()}…`;
  return shown;
}

/** The name of an agent; it was checked when the profiles were read, but a stored plan may be older. */
export function agentName(name: string | null | undefined): string {
  return isAgentName(name ?? '') ? code(name ?? '') : 'an agent';
}

export function isAgentName(name: string): boolean {
  return /^[a-z][a-z0-9_-]{0,39}$/.test(name);
}

/** The name of a label, where it can be shown and does nothing. */
export function isLabelName(name: string): boolean {
  return /^\w[\w :/.-]{0,49}$/.test(name);
}

/** A link to a page of Gitea; `path` holds checked names only. */
export function pageLink(words: string, giteaUrl: string, path: string): string {
  return `[${words}](${giteaUrl.replaceAll(/[^\w:/.~%-]/g, escaped)}/${path})`;
}

function escaped(character: string): string {
  // `encodeURIComponent` leaves brackets as they are.
  return character === '(' ? '%28' : character === ')' ? '%29' : encodeURIComponent(character);
}

/** Folded until somebody opens it. The blank lines make Gitea read Markdown inside. */
export function folded(summary: string, blocks: readonly string[]): string {
  return [`<details><summary>${summary}</summary>`, ...blocks, '</details>'].join('\n\n');
}

export function bullets(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}`).join('\n');
}

/** `a, b and c`. */
export function inWords(items: readonly string[], last: 'and' | 'or'): string {
  if (items.length < 2) return items.join('');
  return `${items.slice(0, -1).join(', ')} ${last} ${items.at(-1) ?? ''}`;
}

/** As many of these lines as a reader wants, and how many more there are. */
export function shortened(
  lines: readonly string[],
  limit: { readonly lines: number; readonly characters: number },
): string[] {
  const shown: string[] = [];
  let characters = 0;
  for (const line of lines) {
    characters += Buffer.byteLength(line);
    if (shown.length === limit.lines || characters > limit.characters) break;
    shown.push(line);
  }
  const more = lines.length - shown.length;
  return more === 0 ? shown : [...shown, shown.length === 0 ? `${more}` : `${more} more`];
}
