/** Bounds of reading a graph, whoever asks. */
export const bounds = {
  /** Edges, issues in cycles, and open issues that are read of each; the picture says that there are more. */
  read: 5_000,
  /** Repositories to choose from. */
  repositories: 200,
};

/** Bounds of the page `/graph`. What is left out is counted. */
export const pageBounds = {
  /** Issues drawn and listed: more can be neither read nor laid out in a moment. */
  issues: 300,
  /** Cycles that are named, and issues of each. */
  cycles: 20,
  issuesOfCycle: 20,
  /** Issues that a cell of the list names. */
  issuesInCell: 8,
  /** Deadline of one picture, in its thread. */
  deadlineMs: 10_000,
  /** How long a page waits for its picture; it is drawn on, for the next look. */
  patienceMs: 5_000,
  /** Pictures that are kept, of at most about a megabyte each. */
  kept: 16,
  /** Pictures that may wait to be drawn. */
  waiting: 4,
};

/** Bounds of the command `graph`. Graphviz needs seconds for 500 issues; other programs draw a few thousand. */
export const commandBounds = {
  svgIssues: 500,
  sourceIssues: 5_000,
  /** Deadline of Graphviz. */
  deadlineMs: 60_000,
};
