/** Runs calls of one name one after the other, in the order they came, whether they fail or not. */
export function createTurns() {
  const last = new Map<string, Promise<unknown>>();

  async function inTurn<T>(name: string, act: () => Promise<T>): Promise<T> {
    const mine = (last.get(name) ?? Promise.resolve()).then(act, act);
    last.set(name, mine);
    try {
      return await mine;
    } finally {
      if (last.get(name) === mine) last.delete(name);
    }
  }

  return inTurn;
}
