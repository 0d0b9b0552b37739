/**
 * Returns a function that runs calls one at a time by key: those of the same key in the order they came,
 * those of different keys side by side. A call that fails does not stop the next one.
 */
export function createSerial() {
  const last = new Map<string, Promise<unknown>>();

  return async function serially<T>(key: string, work: () => Promise<T>): Promise<T> {
    const result = (last.get(key) ?? Promise.resolve()).then(work, work);
    last.set(key, result);
    try {
      return await result;
    } finally {
      if (last.get(key) === result) last.delete(key);
    }
  };
}
