/** Foreign text for a log or a message: one line without control characters, at most `limit` characters. */
export function oneLine(text: string, limit: number): string {
  // Bidirectional marks and the line ends of Unicode are no control characters by name, but act as such.
  const line = text
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim();
  return line.length > limit ? `${line.slice(0, limit - 1).toWellFormed()}…` : line;
}

/** `12,345`, as sentences show tokens. */
export function thousands(tokens: number): string {
  return tokens.toLocaleString('en-US');
}

/** The value of a JSON text; undefined when the text is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The text without U+0000, which PostgreSQL stores in no text. */
export function withoutNul(text: string): string {
  return text.replaceAll('\0', '\uFFFD');
}

/** The same words with a capital letter in front. */
export function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Characters that a person does not see: control, zero-width, bidirectional, tag and private ones, soft hyphens, variation selectors. */
const invisible =
  /(?![\n\r\t\v\f\u0085])[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Default_Ignorable_Code_Point}]+/gu;

/** Page breaks and the like are spaces to a person. No character moves. */
export function withPlainSpaces(text: string): string {
  return text.replace(/[\v\f\u0085]/g, ' ');
}

/** The text without the characters that a person does not see. */
export function withoutInvisible(text: string): string {
  return withPlainSpaces(text).replace(invisible, '');
}

/** The visible stretches of a text, each with its place. */
export function* visibleParts(
  text: string,
): Generator<{ readonly at: number; readonly part: string }> {
  let at = 0;
  for (const { index, 0: hidden } of text.matchAll(invisible)) {
    if (index > at) yield { at, part: text.slice(at, index) };
    at = index + hidden.length;
  }
  if (at < text.length) yield { at, part: text.slice(at) };
}
