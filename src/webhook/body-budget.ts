import { CoordinatorError } from '../errors.ts';

/** Maximum size of a body. An `edited` payload carries the old text and the new one; Gitea has no limit of its own. */
export const bodyLimit = 16 * 1024 * 1024;
/** Default of the bytes of larger bodies that may be under way before their signature is verified. */
const defaultBudgetBytes = 64 * 1024 * 1024;
/** The part of the budget that one address may hold; behind a proxy all senders have one address. */
const shareOfAddress = 0.5;
/** The pace of a body is that of its last one or two windows: what came before says nothing about now. */
const windowMs = 250;

/** Too many bytes of unverified bodies are under way. */
export class BudgetExceeded extends CoordinatorError {
  constructor() {
    super('too_busy', 'Too many large bodies are under way.');
    this.name = 'BudgetExceeded';
  }
}

/** The place of one body in the budget. */
export interface Place {
  /** Counts bytes that arrived; false: there is no room for them. */
  readonly take: (bytes: number) => boolean;
  /** The body is complete: it no longer makes room for others. */
  readonly complete: () => void;
  /** Gives everything back; may be called twice. */
  readonly release: () => void;
}

interface Holder {
  readonly address: string;
  readonly since: number;
  readonly evict: () => void;
  bytes: number;
  isComplete: boolean;
  windowFrom: number;
  inWindow: number;
  inWindowBefore: number;
}

export type BodyBudget = ReturnType<typeof createBodyBudget>;

/**
 * The bytes of bodies under way whose signature is not verified yet. Nobody is trusted before that, so memory
 * is bounded for all together, and for each address. Only bytes that arrived count. When there is no room, the
 * slowest body of the address that holds the most makes it: a genuine delivery arrives at once.
 *
 * Accepted: a genuine body that arrives more slowly than those of strangers gives way to them.
 */
export function createBodyBudget(
  limit = budgetFor(process.constrainedMemory()),
  now: () => number = () => performance.now(),
) {
  const perAddress = Math.max(bodyLimit, Math.floor(limit * shareOfAddress));
  const holders = new Set<Holder>();
  const heldBy = new Map<string, number>();
  let held = 0;

  /** Opens a place that holds nothing yet. `evict` must release it at once. */
  function open(address: string, evict: () => void): Place {
    const at = now();
    const holder: Holder = {
      ...{ address, evict, since: at, windowFrom: at },
      ...{ bytes: 0, isComplete: false, inWindow: 0, inWindowBefore: 0 },
    };
    return {
      take: (bytes) => take(holder, bytes),
      complete: () => (holder.isComplete = true),
      release: () => release(holder),
    };
  }

  function take(holder: Holder, bytes: number): boolean {
    const { address } = holder;
    const at = now();
    countArrival(holder, bytes, at);
    holders.add(holder);
    for (;;) {
      const own = heldBy.get(address) ?? 0;
      const isFull = held + bytes > limit;
      if (!isFull && own + bytes <= perAddress) break;
      const slow = slowestOf(isFull ? heaviest() : address, at);
      if (slow === undefined || slow === holder) {
        if (holder.bytes === 0) holders.delete(holder);
        return false;
      }
      slow.evict();
      release(slow);
    }
    held += bytes;
    holder.bytes += bytes;
    heldBy.set(address, (heldBy.get(address) ?? 0) + bytes);
    return true;
  }

  function release(holder: Holder): void {
    holders.delete(holder);
    const left = (heldBy.get(holder.address) ?? 0) - holder.bytes;
    if (left > 0) heldBy.set(holder.address, left);
    else heldBy.delete(holder.address);
    held -= holder.bytes;
    holder.bytes = 0;
  }

  /** The address whose incomplete bodies hold the most. */
  function heaviest(): string | undefined {
    const sums = new Map<string, number>();
    for (const { address, bytes, isComplete } of holders)
      if (!isComplete) sums.set(address, (sums.get(address) ?? 0) + bytes);
    const [found] = [...sums].sort(([, one], [, other]) => other - one);
    return found?.[0];
  }

  function slowestOf(address: string | undefined, at: number): Holder | undefined {
    const [slowest] = [...holders]
      .filter((holder) => holder.address === address && !holder.isComplete)
      .sort((one, other) => pace(one, at) - pace(other, at));
    return slowest;
  }

  return { open, held: () => held };
}

function countArrival(holder: Holder, bytes: number, at: number): void {
  const age = at - holder.windowFrom;
  if (age >= windowMs) {
    holder.inWindowBefore = age < 2 * windowMs ? holder.inWindow : 0;
    holder.inWindow = 0;
    holder.windowFrom = at;
  }
  holder.inWindow += bytes;
}

/** Bytes a millisecond, lately. */
function pace({ since, windowFrom, inWindow, inWindowBefore }: Holder, at: number): number {
  const age = at - windowFrom;
  if (age >= 2 * windowMs) return 0;
  const bytes = age < windowMs ? inWindow + inWindowBefore : inWindow;
  return bytes / Math.max(1, Math.min(at - since, 2 * windowMs));
}

/** The budget where the memory of the process is limited (0 or a huge number: it is not): an eighth of it. */
export function budgetFor(memoryLimit: number): number {
  if (memoryLimit <= 0) return defaultBudgetBytes;
  return Math.min(defaultBudgetBytes, Math.max(bodyLimit, Math.floor(memoryLimit / 8)));
}
