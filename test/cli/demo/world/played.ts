import { createActs, type Delivery } from '../../../../src/cli/demo/world/gitea/acts.ts';
import { createState } from '../../../../src/cli/demo/world/gitea/state.ts';
import type { Api, Reply } from '../../../../src/cli/demo/world/api.ts';
import { createDice, type Dice } from '../../../../src/cli/demo/world/dice.ts';

/** A call that a part of the world made. */
interface Made {
  readonly path: string;
  readonly body: unknown;
}

/** An API that answers as it is told, and remembers what it was asked to do. */
export function scriptedApi(answer: (path: string, body: unknown) => Partial<Reply> | undefined) {
  const posts: Made[] = [];
  const reply = (path: string, body: unknown): Promise<Reply> =>
    Promise.resolve({ status: 200, json: {}, ...answer(path, body) });
  const api: Api = {
    get: (path) => reply(path, undefined),
    post: (path, { body } = {}) => {
      posts.push({ path, body });
      return reply(path, body);
    },
  };
  return { api, posts, paths: () => posts.map(({ path }) => path) };
}

/** Dice that always fall the same way: the lowest number, the first thing, and yes or no. */
export function loadedDice(more: Partial<Dice> = {}): Dice {
  const { hex } = createDice(1);
  const pick = <T>(items: readonly T[]): T => {
    const [first] = items;
    if (first === undefined) throw new RangeError('there is nothing to pick from');
    return first;
  };
  return { between: (low) => low, pick, chance: () => true, hex, ...more };
}

/** The Gitea of the world without a server, and what it told the service. */
export function playedGitea(names: readonly string[] = ['acme/harbor']) {
  const told: Delivery[] = [];
  const state = createState(names, () => 1_000);
  const acts = createActs({
    ...{ state, dice: createDice(7) },
    deliver: (delivery) => Promise.resolve(void told.push(delivery)),
  });
  return {
    ...{ state, acts },
    /** `issues closed`, in the order in which they were told. */
    events: () =>
      told.map(({ event, payload }) =>
        'action' in payload ? `${event} ${String(payload.action)}` : event,
      ),
  };
}
