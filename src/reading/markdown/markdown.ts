import MarkdownIt from 'markdown-it';

import { addHtml, addCell, flatten } from './inline.ts';
import { createFolds, type Fold } from './folds.ts';
import { placeLinks } from './link-places.ts';
import {
  PassageBuilder,
  lineOffsets,
  splitLines,
  type HiddenReason,
  type Passage,
} from './passage.ts';
import { TooMuchWork, Work } from '../work.ts';

const parser = new MarkdownIt('default', { html: true, linkify: false });
// Escapes and entities stay tokens of their own, so that every other text token stands in the source as it is.
parser.core.ruler.disable(['text_join', 'replacements', 'smartquotes', 'linkify']);

/** Depth from which the parser passes over what stands in lists and quotes. */
const maxNesting = 100;
parser.set({ maxNesting });

placeLinks(parser);

// First of the rules, so that it counts every attempt. A rule that returns false is passed over.
parser.inline.ruler.before('text', 'work', ({ env }) => countAttempt(env));
parser.block.ruler.before('table', 'work', ({ env }) => countAttempt(env), {
  alt: ['paragraph', 'reference', 'blockquote', 'list'],
});

function countAttempt({ work }: Record<string, unknown>): false {
  if (work instanceof Work) work.spend(1);
  return false;
}

const htmlTag = /<\/?[a-z][^<>]{0,1000}>/iy;
const lastComment = new WeakMap<object, number>();

// The parser's own rule looks for the end of a comment anew at every beginning.
parser.inline.ruler.at('html_inline', (state, silent) => {
  const { src, pos } = state;
  if (src[pos] !== '<') return false;
  let end = 0;
  if (src.startsWith('<!--', pos)) {
    const last = lastComment.get(state) ?? src.lastIndexOf('-->');
    lastComment.set(state, last);
    if (last >= pos + '<!--'.length) end = src.indexOf('-->', pos + '<!--'.length) + '-->'.length;
  } else {
    htmlTag.lastIndex = pos;
    if (htmlTag.test(src)) end = htmlTag.lastIndex;
  }
  if (end === 0) return false;
  if (!silent) state.push('html_inline', '', 0).content = src.slice(pos, end);
  state.pos = end;
  return true;
});

/** The passages of a Markdown body, in order; what a reader does not see is there too, marked as hidden. */
export function parseMarkdown(body: string, work: Work): Passage[] {
  const lines = splitLines(body.replaceAll('\0', '\uFFFD'));
  const passages: Passage[] = [];
  let quotes = 0;
  let depth = 0;
  let head = false;
  let heading = false;
  let openComment = false;
  const folds = createFolds();
  let row: PassageBuilder | undefined;
  let cursor = { line: -1, column: 0 };
  for (const token of parser.parse(body, { work })) {
    if (token.block && token.nesting === 1 && token.level + 1 >= maxNesting)
      throw new TooMuchWork('The text is nested too deeply to be read.');
    const fold = folds.current();
    folds.pass(token);
    switch (token.type) {
      case 'blockquote_open':
      case 'blockquote_close':
        quotes += token.nesting;
        break;
      case 'list_item_open':
      case 'list_item_close':
        depth += token.nesting;
        break;
      case 'heading_open':
      case 'heading_close':
        heading = token.nesting > 0;
        break;
      case 'thead_open':
      case 'thead_close':
        head = token.nesting > 0;
        break;
      case 'tr_open':
        row = new PassageBuilder(body);
        cursor = { line: token.map?.[0] ?? -1, column: 0 };
        break;
      case 'tr_close':
        if (row !== undefined) add(row, 'row', fold);
        row = undefined;
        break;
      case 'inline':
        if (row === undefined) {
          const builder = new PassageBuilder(body);
          flatten(builder, token, lineOffsets(token.content, token.map?.[0] ?? 0, lines));
          add(builder, heading ? 'heading' : 'paragraph', fold);
        } else addCell(row, token, cursor, lines);
        break;
      case 'html_block': {
        const offsets = lineOffsets(token.content, token.map?.[0] ?? 0, lines);
        const open: HiddenReason[] = [];
        for (const stretch of folds.stretchesOf(token.content)) {
          const builder = new PassageBuilder(body);
          builder.content = token.content;
          builder.offsets = offsets;
          const unclosed = addHtml(builder, token.content, { ...stretch, open });
          add(builder, 'paragraph', stretch.fold);
          openComment ||= unclosed;
        }
        break;
      }
      case 'fence':
      case 'code_block': {
        const first = (token.map?.[0] ?? 0) + (token.type === 'fence' ? 1 : 0);
        const builder = new PassageBuilder(body);
        builder.content = token.content;
        builder.offsets = lineOffsets(token.content, first, lines);
        builder.append(token.content, 0);
        add(builder, 'paragraph', fold, 'code');
        break;
      }
      default:
    }
  }
  return passages;

  function add(
    builder: PassageBuilder,
    kind: Passage['kind'],
    fold: Fold | undefined,
    hidden?: HiddenReason,
  ): void {
    const why = openComment ? 'comment' : (hidden ?? (quotes > 0 ? 'quoted' : undefined));
    if (openComment && builder.text().includes('-->')) openComment = false;
    passages.push({
      ...builder.finish(),
      kind,
      hidden: why,
      depth,
      fold,
      head: kind === 'row' && head,
    });
  }
}

/** A title is one line of text in which only code spans are markup. */
export function parseTitle(title: string, work: Work): Passage {
  const builder = new PassageBuilder(title);
  const [inline] = parser.parseInline(title.replaceAll('\0', '\uFFFD'), { work });
  if (inline !== undefined)
    flatten(
      builder,
      inline,
      lineOffsets(inline.content, 0, splitLines(title.replaceAll('\0', '\uFFFD'))),
    );
  return {
    ...builder.finish(),
    kind: 'title',
    hidden: undefined,
    depth: 0,
    fold: undefined,
    head: false,
    checked: undefined,
  };
}
