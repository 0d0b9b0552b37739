/** Sign that stands for a list of references in a sentence. */
export const refSign = '\uE000';

/**
 * Source of a pattern in free spacing: one alternative a line, what follows `//` is a comment, `(a|b)` captures
 * nothing, a blank stands for blanks and hyphens, ` ?` for some or none, and what is put in is a part that was built before. It is
 * matched against one sentence in lower case, in which every list of references is one sign.
 */
export function words({ raw }: TemplateStringsArray, ...parts: readonly string[]): string {
  const source = raw.map((text, index) => {
    const lines = text.replace(/\/\/[^\n]*/g, '').replace(/\s*\n\s*/g, '\n');
    const plain = lines.replace(/\((?!\?)/g, '(?:').replaceAll(' ?', String.raw`[\s_-]*`);
    return `${plain.replace(/ +/g, String.raw`[\s_-]+`)}${parts[index] ?? ''}`;
  });
  return `(?:${source.join('').trim().split('\n').join('|')})`;
}

/** The pattern of such a source, to be found anywhere in a sentence. */
export function anywhere(source: string): RegExp {
  return new RegExp(source, 'gu');
}
