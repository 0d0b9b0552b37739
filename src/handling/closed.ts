import { handleAssigned } from './assigned.ts';
import type { Handler } from './handler.ts';

/**
 * An issue of the bot was closed: it is done, and what waited for it is decided anew. It is read as an
 * open one is, so that the end state is the same whether it was read before or not; a text that was
 * read costs no second call.
 */
export const handleClosed: Handler = (facts, deps, signal) => handleAssigned(facts, deps, signal);
