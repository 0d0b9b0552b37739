/**
 * Why a text could not be read. `work`: it is too long, names too much or takes too many steps; `time`: reading did not end; `failed`: the
 * thread that read it ended.
 */
export const unreadableCauses = ['work', 'time', 'failed'] as const;
export type UnreadableCause = (typeof unreadableCauses)[number];

/** The steps of a text are the same every time; a thread may hang or end for another reason than the text. */
export function mayPass(cause: UnreadableCause): boolean {
  return cause !== 'work';
}

/** The store has the cause as text. */
export function parseUnreadable(text: string | null): UnreadableCause | null {
  return text === null ? null : (unreadableCauses.find((cause) => cause === text) ?? 'failed');
}

/** What is wrong, for a person. */
export const unreadableTexts: Readonly<Record<UnreadableCause, string>> = {
  work: 'it takes too many steps',
  time: 'reading it did not end',
  failed: 'reading it failed',
};
