import { noLabels, tellComment } from './events.ts';
import { commentJson } from './json.ts';
import { linkMentions } from './references.ts';
import { getIssue, getRepository, nextId, timestamp, touch, type World } from './state.ts';
import { GiteaRefusal, type GiteaComment, type IssuePlace } from './types.ts';

export function addComment(
  world: World,
  doer: string,
  place: IssuePlace,
  body: string,
): GiteaComment {
  getIssue(world, place);
  requireWritable(world, place.repositoryId, body);
  const at = timestamp(world);
  const id = nextId(world);
  const made = { ...place, id, author: doer, body, createdAt: at, updatedAt: at };
  world.comments.set(id, made);
  touch(world, place);
  linkMentions(world, `comment ${id}`, place, body);
  tellComment(world, doer, place, 'created', { comment: commentJson(world, made) });
  return made;
}

/** Does not move the issue's `updated_at`. */
export function editComment(world: World, doer: string, id: number, body: string): GiteaComment {
  const before = getComment(world, id);
  const { repositoryId, number } = before;
  requireWritable(world, repositoryId, body);
  if (body === before.body) return before;
  const after = { ...before, body, updatedAt: timestamp(world) };
  world.comments.set(id, after);
  const changes = { body: { from: before.body }, ...noLabels };
  const place = { repositoryId, number };
  linkMentions(world, `comment ${id}`, place, body);
  tellComment(world, doer, place, 'edited', { comment: commentJson(world, after), changes });
  return after;
}

export function deleteComment(world: World, doer: string, id: number): void {
  const gone = getComment(world, id);
  world.comments.delete(id);
  const { repositoryId, number } = gone;
  const extras = { comment: commentJson(world, gone) };
  tellComment(world, doer, { repositoryId, number }, 'deleted', extras);
}

function getComment(world: World, id: number): GiteaComment {
  const found = world.comments.get(id);
  if (found === undefined) throw new GiteaRefusal(404, 'not found');
  return found;
}

function requireWritable(world: World, repositoryId: number, body: string): void {
  const { archived, name } = getRepository(world, repositoryId);
  if (archived === true) throw new GiteaRefusal(423, `${name} is archived`);
  if (body === '') throw new GiteaRefusal(422, '[Body]: Required');
}
