/**
 * Removes what a person reading the page does not see: HTML comments, control, zero-width, bidirectional
 * and tag characters, soft hyphens, variation selectors and invisible letters.
 */
export function visibleText(text: string): string {
  return text
    .replace(/<!--[\s\S]*?(-->|$)/g, '')
    .replace(/(?![\n\t])[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu, '');
}

/** The visible text with every run of white space as one space: lines may be broken anywhere. */
export function foldedText(text: string): string {
  return visibleText(text).replace(/\s+/g, ' ').trim();
}
