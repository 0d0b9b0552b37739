import { handleAssigned } from './assigned.ts';
import type { Handler } from './handler.ts';

/**
 * An issue of the bot was closed: it is done, and what waited for it is decided anew. Its plan is made
 * as for an open one, so that the end state is the same whether its text was read before or not.
 */
export const handleClosed: Handler = (facts, deps, signal) => handleAssigned(facts, deps, signal);
