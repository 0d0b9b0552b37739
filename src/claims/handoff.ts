import { refused, type RefusedCall } from './claim.ts';

/** Limit of a handoff as UTF-8 JSON: a page or two, not a transcript. */
const handoffLimit = 32 * 1024;
/** Limit of a handoff's nesting: a value a few thousand levels deep cannot be written as JSON. */
const handoffDepth = 100;

/** What a worker sends for whoever goes on. */
export type SentHandoff = string | Readonly<Record<string, unknown>>;

/** A handoff within its limits, or the refusal; an empty one is none. */
export function readHandoff(
  sent: SentHandoff | undefined,
): { readonly handoff: SentHandoff | undefined } | RefusedCall {
  if (isDeeper(sent, handoffDepth)) return refused('handoff_too_deep', tooDeep);
  const size = sent === undefined ? 0 : Buffer.byteLength(JSON.stringify(sent));
  if (size > handoffLimit) return refused('handoff_too_large', tooLarge(size));
  return { handoff: isEmpty(sent) ? undefined : sent };
}

/** An empty handoff tells the next worker nothing, and must not replace an earlier one. */
function isEmpty(handoff: SentHandoff | undefined): boolean {
  if (typeof handoff === 'string') return handoff.trim() === '';
  return handoff !== undefined && Object.keys(handoff).length === 0;
}

/** Stops at `levels`, so that it never recurses deeper. */
function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1));
}

function tooLarge(size: number): string {
  return `The handoff is ${size} bytes as JSON, the maximum is ${handoffLimit}: shorten it, and point to files instead of quoting them.`;
}

const tooDeep = `The handoff is nested more than ${handoffDepth} levels deep: make it flatter, or send it as text.`;
