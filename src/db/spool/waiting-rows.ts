import { spooledColumns, type SpooledRow } from './columns.ts';

const idAt = spooledColumns.indexOf('id');
const statusAt = spooledColumns.indexOf('status');
const bytesAt = spooledColumns.indexOf('body_hash');

interface Keys {
  readonly id: string;
  readonly bodyHash: string;
  readonly isUnderstood: boolean;
}

/**
 * The ids and bytes of the rows that wait in the spool, in memory: two indexes on disk would cost three times as much
 * as the rows themselves, because each row changes a page of its own in both.
 */
export function createWaitingRows() {
  /** By number, and so in the order of arrival. */
  const rows = new Map<number, Keys>();
  const ids = new Set<string>();
  const understood = new Set<string>();
  const others = new Set<string>();

  /** Whether nothing waits with this id or these bytes. Bytes that were not understood are no obstacle to those that were. */
  function isFree(row: SpooledRow): boolean {
    const { id, bodyHash, isUnderstood } = keysOf(row);
    if (ids.has(id) || understood.has(bodyHash)) return false;
    return isUnderstood || !others.has(bodyHash);
  }

  function add(seq: number, row: SpooledRow): void {
    const keys = keysOf(row);
    rows.set(seq, keys);
    ids.add(keys.id);
    (keys.isUnderstood ? understood : others).add(keys.bodyHash);
  }

  function remove(seq: number): void {
    const keys = rows.get(seq);
    if (keys === undefined) return;
    rows.delete(seq);
    ids.delete(keys.id);
    (keys.isUnderstood ? understood : others).delete(keys.bodyHash);
  }

  function forget(upTo: number): void {
    for (const seq of rows.keys()) {
      if (seq > upTo) return;
      remove(seq);
    }
  }

  return {
    ...{ isFree, add, remove, forget },
    /** Whether a delivery of these bytes that was understood waits. */
    holds: (bodyHash: string) => understood.has(bodyHash),
  };
}

function keysOf(row: SpooledRow): Keys {
  return {
    id: textOf(row[idAt]),
    bodyHash: textOf(row[bytesAt]),
    isUnderstood: row[statusAt] === 'waiting',
  };
}

function textOf(value: SpooledRow[number] | undefined): string {
  return typeof value === 'string' ? value : '';
}
