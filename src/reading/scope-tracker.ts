import { scopeOf, type Meaning } from './grammar/rules.ts';
import type { Passage } from './markdown/passage.ts';
import { scopesOfColumns } from './sentences.ts';

/** The relations that hold for a passage. */
export interface PassageScopes {
  readonly scope: Meaning | undefined;
  readonly columns: readonly (Meaning | undefined)[];
}

/**
 * Follows the relations that headings, labels and list items give to the text under them: a heading until the
 * next one, a label for the list or the references right behind it, an item for the items nested in it,
 * the head of a table for its columns.
 */
export function createScopeTracker() {
  let heading: Meaning | undefined;
  let label: Meaning | undefined;
  const items: (Meaning | undefined)[] = [];
  let columns: (Meaning | undefined)[] = [];

  function enter(passage: Passage): PassageScopes {
    if (passage.kind !== 'row') columns = [];
    else if (passage.head) columns = scopesOfColumns(passage);
    return { scope: enterText(passage), columns };
  }

  function enterText(passage: Passage): Meaning | undefined {
    const { kind, depth, text } = passage;
    if (passage.hidden !== undefined) return undefined;
    if (kind === 'heading') {
      heading = scopeOf(text);
      label = undefined;
      items.length = 0;
      return undefined;
    }
    if (kind !== 'paragraph') return undefined;
    const own = text.length < 80 ? scopeOf(lastLine(text)) : undefined;
    if (depth === 0) {
      items.length = 0;
      const before = label;
      label = own;
      return before ?? heading;
    }
    items.length = depth;
    items[depth - 1] = own;
    return items.slice(0, depth - 1).findLast((scope) => scope !== undefined) ?? label ?? heading;
  }

  return { enter };
}

function lastLine(text: string): string {
  return text.slice(text.lastIndexOf('\n') + 1);
}
