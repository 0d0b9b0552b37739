/** A run tells the size of its context window only at its end, so the runner needs a table. */

const usual = 1_000_000;
/** Begins of the names of models with a smaller window, which compact only when the API refuses a prompt as too long. */
const smaller = [['claude-haiku-4-5', 200_000]] as const;

/** Tokens of the window that stay free: 20,000 for a summary, and 13,000 for what comes in meanwhile. */
const reserve = 33_000;

/**
 * Window of a model, and the fill level from which Claude Code compacts by itself. As seen with version 2.1.332, which
 * takes a name that it does not know for one of 1,000,000 tokens, too. `told` is the window that a result named.
 */
export function windowOf(
  model: string,
  told: number | undefined,
): { readonly window: number; readonly compactsAt?: number } {
  const known = smaller.find(([name]) => model.startsWith(name));
  const window = told ?? known?.[1] ?? usual;
  return known === undefined ? { window, compactsAt: window - reserve } : { window };
}
