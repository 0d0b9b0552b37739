import { withoutInvisible } from '../lib/text.ts';

/**
 * Removes what a person reading the page does not see: HTML comments, control, zero-width, bidirectional
 * and tag characters, soft hyphens, variation selectors and invisible letters.
 */
export function visibleText(text: string): string {
  return withoutInvisible(text.replace(/<!--[\s\S]*?(-->|$)/g, ''));
}

/** The visible text with every run of white space as one space: lines may be broken anywhere. */
export function foldedText(text: string): string {
  return visibleText(text).replace(/\s+/g, ' ').trim();
}
