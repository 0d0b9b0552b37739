/** Reason why a stretch of text, or a whole passage, says nothing about the issue. */
export type HiddenReason = 'code' | 'quoted' | 'comment' | 'struck_through';

export interface Range {
  readonly start: number;
  readonly end: number;
}

/** One block of an issue's text as a reader of the page sees it: a paragraph, heading, list item or table row. */
export interface Passage {
  readonly kind: 'title' | 'heading' | 'paragraph' | 'row';
  /** The visible characters; markup is gone, lines are kept. */
  readonly text: string;
  /** The reason why the whole passage does not count; undefined when it counts. */
  readonly hidden: HiddenReason | undefined;
  /** Stretches inside it that do not count. */
  readonly spans: readonly (Range & { readonly hidden: HiddenReason })[];
  readonly links: readonly (Range & { readonly href: string })[];
  /** The cells of a row. */
  readonly cells: readonly Range[];
  /** The first row of a table. */
  readonly head: boolean;
  /** Depth of nested lists; 0 outside of any. */
  readonly depth: number;
  /** The box in front of a task; undefined without one. */
  readonly checked: boolean | undefined;
  /** The source of a range of `text`, character by character. */
  readonly quote: (start: number, end: number) => string;
}
