import { pictureOf, type Picture } from '../../../plans/picture/picture.ts';
import type { OrderedBacklog } from './order.ts';

/** A backlog as a picture, without the edges that hold nothing back. */
export function pictureOfBacklog({ issues, edges }: OrderedBacklog): Picture {
  const holding = edges.filter(({ holds }) => holds);
  const listed = issues
    .toSorted((a, b) => a.facts.number - b.facts.number)
    .map(({ ref, facts, plan }) => ({
      ...{ ref, id: `i${facts.number}`, name: `#${facts.number} ${facts.title}` },
      tokens: facts.open ? plan.estimate.likely : null,
    }));
  const known = new Set(listed.map(({ ref }) => ref));
  const ends = new Set(holding.flatMap(({ blocked, blocker }) => [blocker, blocked]));
  const others = [...ends]
    .filter((ref) => !known.has(ref))
    .map((ref, index) => ({ ref, id: `x${listed.length + index}`, name: ref, tokens: null }));
  return pictureOf([...listed, ...others], holding);
}
