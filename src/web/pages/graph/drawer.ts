import { createHash } from 'node:crypto';

import { pageBounds } from '../../../plans/picture/bounds.ts';
import { layOut, vizGraph, type LaidOut } from '../../../plans/picture/lay-out.ts';
import type { Picture } from '../../../plans/picture/picture.ts';
import { states } from '../../../issue/state.ts';
import { createSerial } from '../../../lib/serial.ts';
import { issuePath } from '../../parts/issue-link.ts';
import { stateNames } from '../../parts/state.ts';
import type { WebDeps } from '../../web.ts';

export type Drawn = LaidOut | 'later';

/**
 * Draws pictures, one at a time, each in a thread that is stopped at its deadline. A picture is drawn again when what
 * it shows has changed, and not before.
 */
export function createDrawer({ stopping, changes }: Pick<WebDeps, 'stopping' | 'changes'>) {
  /** By what they show; the last used ones are last. */
  const kept = new Map<string, Promise<LaidOut>>();
  const serially = createSerial();
  let waiting = 0;

  async function draw(picture: Picture): Promise<Drawn> {
    const graph = vizGraph(picture, { nameOf, pathOf: issuePath });
    const key = createHash('sha256').update(JSON.stringify(graph)).digest('base64');
    const known = kept.get(key);
    if (known === undefined && waiting >= pageBounds.waiting) return 'later';
    const drawing = known ?? begin(key, () => layOut(graph, pageBounds.deadlineMs, stopping));
    kept.delete(key);
    kept.set(key, drawing);
    for (const oldest of kept.keys()) {
      if (kept.size <= pageBounds.kept) break;
      kept.delete(oldest);
    }
    const drawn = await inTime(drawing);
    // Whoever looks at the page gets the picture once it is there.
    if (drawn === 'later') void drawing.then(() => changes.touch());
    return drawn;
  }

  function begin(key: string, work: () => Promise<LaidOut>): Promise<LaidOut> {
    waiting += 1;
    return serially('', work)
      .then((drawn) => {
        if (drawn === 'failed') kept.delete(key);
        return drawn;
      })
      .finally(() => (waiting -= 1));
  }

  return { draw };
}

async function inTime(drawing: Promise<LaidOut>): Promise<Drawn> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'later'>((resolve) => {
    timer = setTimeout(() => resolve('later'), pageBounds.patienceMs);
  });
  return Promise.race([drawing, late]).finally(() => clearTimeout(timer));
}

function nameOf(state: string): string {
  return stateNames[states.find((each) => each === state) ?? 'unknown'];
}
