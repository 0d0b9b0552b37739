import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { z } from 'zod';

const profileSchema = z.object({
  nodes: z.array(
    z.object({
      id: z.number(),
      callFrame: z.object({ functionName: z.string(), url: z.string() }),
      children: z.array(z.number()).optional(),
    }),
  ),
  samples: z.array(z.number()),
  timeDeltas: z.array(z.number()),
});
type ProfileNode = z.infer<typeof profileSchema>['nodes'][number];

const rowsShown = 16;

/** One table a thread: its share of time by the file or package that was running, or on whose behalf Node was. */
export function summarizeProfiles(directory: string): string[] {
  return readdirSync(directory).flatMap((name) => {
    const profile = profileSchema.parse(JSON.parse(readFileSync(join(directory, name), 'utf8')));
    const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
    const parents = new Map(
      profile.nodes.flatMap(({ id, children }) => (children ?? []).map((child) => [child, id])),
    );
    const times = new Map<string, number>();
    profile.samples.forEach((id, index) => {
      const place = placeOf(nodes.get(id), nodes, parents);
      times.set(place, (times.get(place) ?? 0) + (profile.timeDeltas[index] ?? 0));
    });
    const whole = [...times.values()].reduce((sum, time) => sum + time, 0);
    const rows = [...times].sort(([, left], [, right]) => right - left).slice(0, rowsShown);
    return [
      `thread with ${(whole / 1_000_000).toFixed(1)} s of samples`,
      ...rows.map(
        ([place, time]) => `${((time / whole) * 100).toFixed(1).padStart(6)} %  ${place}`,
      ),
    ];
  });
}

function placeOf(
  node: ProfileNode | undefined,
  nodes: ReadonlyMap<number, ProfileNode>,
  parents: ReadonlyMap<number, number>,
): string {
  for (let at = node; at !== undefined; at = nodes.get(parents.get(at.id) ?? -1)) {
    const own = /\/(src\/.+)$/.exec(at.callFrame.url)?.[1];
    const dependency = /\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(at.callFrame.url)?.[1];
    const place = dependency ?? own;
    if (place !== undefined) return place;
  }
  return node?.callFrame.functionName ?? '(unknown)';
}
