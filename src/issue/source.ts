import { z } from 'zod';

/** Where a value comes from: the text, Claude, Gitea itself, the formula, or nowhere. */
export const sources = ['declared', 'model', 'gitea', 'formula', 'default'] as const;
export const sourceSchema = z.enum(sources);
export type Source = z.infer<typeof sourceSchema>;
