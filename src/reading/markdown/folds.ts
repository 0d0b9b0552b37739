import type { Token } from 'markdown-it';

/** A folded part (`<details>`) with its summary, and the one around it. */
export interface Fold {
  readonly summary: string;
  readonly outer: Fold | undefined;
}

/** A stretch of a block of HTML, up to a tag that begins or ends a folded part. */
interface Stretch {
  readonly start: number;
  readonly end: number;
  readonly fold: Fold | undefined;
}

/** Maximum depth of folded parts; those within are taken for the one around them. */
const maxDepth = 100;
const summaryLength = 200;
const tagOf = /<!--[^]*?(?:-->|$)|<(\/?)details\b(?:[^<>]{0,1000}>)?|<summary\b[^<>]{0,100}>/gi;

/** Follows `<details>` through the tokens of a body. What a comment holds folds nothing. */
export function createFolds() {
  let fold: Fold | undefined;
  let depth = 0;
  /** Parts begun beyond the maximum depth. */
  let beyond = 0;
  /** The folded parts that are open where each quotation or item of a list begins: its end closes all others. */
  const containers: { readonly fold: Fold | undefined; readonly depth: number }[] = [];

  function open(): void {
    if (depth === maxDepth) beyond += 1;
    else {
      fold = { summary: '', outer: fold };
      depth += 1;
    }
  }

  function close(): void {
    const limit = containers.at(-1)?.depth ?? 0;
    if (beyond > 0) beyond -= 1;
    else if (depth > limit) {
      fold = fold?.outer;
      depth -= 1;
    }
  }

  /** The stretches of a block of HTML. */
  function stretchesOf(html: string): readonly Stretch[] {
    const stretches: Stretch[] = [];
    let start = 0;
    for (const { 0: tag, 1: closing, index } of html.matchAll(tagOf)) {
      const behind = index + tag.length;
      if (tag.startsWith('<!--')) continue;
      if (closing === undefined) {
        if (fold === undefined || beyond > 0) continue;
        const [summary = ''] = html.slice(behind, behind + summaryLength).split(/<\/summary/i);
        fold = { summary: summary.replace(/<[^<>]*>/g, ''), outer: fold.outer };
        continue;
      }
      const end = closing === '/' ? behind : index;
      if (end > start) stretches.push({ start, end, fold });
      start = end;
      if (closing === '/') close();
      else open();
    }
    if (html.length > start) stretches.push({ start, end: html.length, fold });
    return stretches;
  }

  return {
    stretchesOf,
    /** The folded part in which a token begins. */
    current: () => fold,
    /** Takes note of a token that is no block of HTML. */
    pass({ type, content, children }: Token): void {
      if (type === 'blockquote_open' || type === 'list_item_open') containers.push({ fold, depth });
      else if (type === 'blockquote_close' || type === 'list_item_close') {
        ({ fold, depth } = containers.pop() ?? { fold, depth });
        beyond = 0;
      } else if (children?.some((child) => child.type === 'html_inline') === true)
        stretchesOf(tagsOnly(content, children));
    },
  };
}

/** Whether this holds for the summary of a folded part, or of one around it; each is looked at once. */
export function isInFold(holds: (summary: string) => boolean): (fold: Fold | undefined) => boolean {
  const known = new Map<Fold, boolean>();
  return isIn;

  function isIn(fold: Fold | undefined): boolean {
    if (fold === undefined) return false;
    const found = known.get(fold) ?? (holds(fold.summary) || isIn(fold.outer));
    known.set(fold, found);
    return found;
  }
}

/** The content of a paragraph without its code, in which no tag is one. */
function tagsOnly(content: string, children: readonly Token[]): string {
  return children.every(({ type }) => type !== 'code_inline')
    ? content
    : children
        .map((child) =>
          child.type === 'html_inline' || child.type === 'text' ? child.content : ' ',
        )
        .join('');
}
