import { z } from 'zod';

import {
  editPull,
  getPull,
  isOpen,
  openPull,
  pullJson,
  reviewCommentsJson,
  reviewJson,
  setPullOpen,
} from '../world/pulls.ts';
import { userJson } from '../world/json.ts';
import { getIssue, getRepository } from '../world/state.ts';
import { giteaBot, GiteaRefusal, type IssuePlace } from '../world/types.ts';
import { requireAccess, requireRepository } from './access.ts';
import { ok, on, page, parse, repositoryPath, type Asked, type Route } from './route.ts';

const newPull = z.object({
  head: z.string(),
  base: z.string(),
  title: z.string().min(1),
  body: z.string().default(''),
});
const pullChange = z.object({ body: z.string(), state: z.enum(['open', 'closed']).optional() });
const pullPath = `${repositoryPath}/pulls/(\\d+)`;

/** Pull requests and their reviews, as far as the service asks about them. */
export const pullRoutes: readonly Route[] = [
  on('GET', `${repositoryPath}/pulls`, 'repository', (asked, [name]) => {
    const repositoryId = requireRepository(asked, name);
    const state = asked.query.get('state') ?? 'open';
    const numbers = [...(getRepository(asked.world, repositoryId).pulls?.keys() ?? [])];
    const places = numbers.map((number) => ({ repositoryId, number }));
    const rows = places
      .filter((place) => state === 'all' || isOpen(asked.world, place) === (state === 'open'))
      .sort((a, b) => updated(asked, b).localeCompare(updated(asked, a)))
      .map((place) => pullJson(asked.world, place));
    return page(asked, rows, { counted: true });
  }),
  on('POST', `${repositoryPath}/pulls`, 'repository', (asked, [name]) => {
    const repositoryId = requireRepository(asked, name);
    const wanted = parse(newPull, asked.body, '[Title]: Required');
    const place = openPull(asked.world, asked.token.login, repositoryId, wanted);
    return { status: 201, body: pullJson(asked.world, place) };
  }),
  on('GET', pullPath, 'repository', (asked, parts) =>
    ok(pullJson(asked.world, placeOf(asked, parts))),
  ),
  on('PATCH', pullPath, 'repository', (asked, parts) => {
    const place = placeOf(asked, parts);
    requireAccess(asked, place.repositoryId, 'write', '');
    const { body, state } = parse(pullChange, asked.body, '[]: EOF');
    editPull(asked.world, asked.token.login, place, body);
    if (state !== undefined) setPullOpen(asked.world, asked.token.login, place, state === 'open');
    return { status: 201, body: pullJson(asked.world, place) };
  }),
  on('GET', `${pullPath}/reviews`, 'repository', (asked, parts) => {
    const { reviews } = getPull(asked.world, placeOf(asked, parts));
    const rows = reviews.map((review) => reviewJson(asked.world, review));
    return page(asked, rows, { counted: true });
  }),
  on('GET', `${pullPath}/reviews/(\\d+)/comments`, 'repository', (asked, parts) => {
    const { reviews } = getPull(asked.world, placeOf(asked, parts));
    const review = reviews.find(({ id }) => id === Number(parts[2]));
    if (review === undefined) throw new GiteaRefusal(404, 'not found');
    return ok(reviewCommentsJson(asked.world, review));
  }),
  on('GET', `${repositoryPath}/branches`, 'repository', (asked, [name]) => {
    const { head, branches } = getRepository(asked.world, requireRepository(asked, name));
    const all = [...(head === undefined ? [] : [['main', head] as const]), ...(branches ?? [])];
    const rows = all.map(([branch, id]) => ({ name: branch, commit: { id } }));
    return page(asked, rows, { counted: true });
  }),
  // Members with write access and more.
  on('GET', `${repositoryPath}/assignees`, 'repository', (asked, [name]) => {
    const { strangers = [] } = getRepository(asked.world, requireRepository(asked, name));
    const people = ['maria', 'tom', giteaBot].filter((login) => !strangers.includes(login));
    return ok(people.map((login) => userJson(asked.world, login)));
  }),
];

function placeOf(asked: Asked, [name, number]: readonly string[]): IssuePlace {
  const place = { repositoryId: requireRepository(asked, name), number: Number(number) };
  getPull(asked.world, place);
  return place;
}

function updated({ world }: Asked, place: IssuePlace): string {
  return getIssue(world, place).updatedAt ?? '';
}
