import type MarkdownIt from 'markdown-it';
import type { Token } from 'markdown-it';
import { z } from 'zod';

/** The rules that read over characters of which no token tells: an address, a title, the name of a definition. */
const rules = ['link', 'image', 'autolink'] as const;

const placeSchema = z.object({ start: z.number(), end: z.number() });

/**
 * Has the last token of each link and image carry its place in the text. Whoever follows the tokens through
 * the text must not search for the end of a link: a search that finds nothing reads to the end of the text.
 */
export function placeLinks({ inline: { ruler } }: InstanceType<typeof MarkdownIt>): void {
  for (const name of rules) {
    const rule = ruler.getRules('').find((other) => other.name === name);
    if (rule === undefined) throw new Error(`markdown-it has no rule ${name}`);
    ruler.at(name, (state, silent) => {
      const start = state.pos;
      if (!rule(state, silent)) return false;
      const token = state.tokens.at(-1);
      if (!silent && token !== undefined) token.meta = { start, end: state.pos };
      return true;
    });
  }
}

/** The place of a link or image in the content of its block; undefined for other tokens. */
export function placeOf({ meta }: Token): z.infer<typeof placeSchema> | undefined {
  return placeSchema.safeParse(meta).data;
}
