import { createWebhooks } from '../webhooks.ts';
import {
  giteaBot,
  GiteaRefusal,
  isSame,
  type GiteaComment,
  type GiteaIssue,
  type GiteaRepository,
  type IssuePlace,
  type Permission,
} from './types.ts';

const fixedIds: Readonly<Record<string, number>> = {
  root1: 1,
  maria: 2,
  tom: 3,
  nadia: 4,
  [giteaBot]: 6,
};

/** All that a small Gitea stores. */
export interface World {
  readonly now: () => number;
  readonly repositories: Map<number, GiteaRepository>;
  /** Old names, in lower case, to ids. */
  readonly renamed: Map<string, number>;
  readonly comments: Map<number, GiteaComment>;
  readonly dependencies: { readonly issue: IssuePlace; readonly on: IssuePlace }[];
  /** Links from a text to an issue that were made already. */
  readonly references: Set<string>;
  readonly userIds: Map<string, number>;
  readonly webhooks: ReturnType<typeof createWebhooks>;
  lastId: number;
}

export function createWorld(now: () => number): World {
  const repositories = new Map<number, GiteaRepository>();
  return {
    now,
    repositories,
    renamed: new Map(),
    comments: new Map(),
    dependencies: [],
    references: new Set(),
    userIds: new Map(Object.entries(fixedIds)),
    webhooks: createWebhooks((repositoryId) => requireRepository(repositories, repositoryId).name),
    lastId: 1_000,
  };
}

function requireRepository(
  repositories: ReadonlyMap<number, GiteaRepository>,
  id: number,
): GiteaRepository {
  const repository = repositories.get(id);
  if (repository === undefined) throw new GiteaRefusal(404, 'not found');
  return repository;
}

export function nextId(world: World): number {
  world.lastId += 1;
  return world.lastId;
}

export function timestamp({ now }: World): string {
  return `${new Date(now()).toISOString().slice(0, 19)}Z`;
}

export function userId(world: World, login: string): number {
  const key = login.toLowerCase();
  const id = world.userIds.get(key) ?? nextId(world);
  world.userIds.set(key, id);
  return id;
}

export function getRepository({ repositories }: World, id: number): GiteaRepository {
  return requireRepository(repositories, id);
}

export function getIssue(world: World, { repositoryId, number }: IssuePlace): GiteaIssue {
  const issue = getRepository(world, repositoryId).issues.get(number);
  if (issue === undefined) throw new GiteaRefusal(404, 'not found');
  return issue;
}

export function permissionOf(world: World, login: string, repositoryId: number): Permission {
  if (login.toLowerCase() !== giteaBot) return 'admin';
  const { hidden, bot } = getRepository(world, repositoryId);
  return hidden === true ? 'none' : (bot ?? 'write');
}

/** Changes an issue and moves its `updated_at`. */
export function touch(world: World, place: IssuePlace, change: GiteaIssue = {}): void {
  const issue = getIssue(world, place);
  const { issues } = getRepository(world, place.repositoryId);
  issues.set(place.number, { ...issue, ...change, updatedAt: timestamp(world) });
}

export function commentsOf({ comments }: World, place: IssuePlace): GiteaComment[] {
  return [...comments.values()].filter((comment) => isSame(comment, place));
}

/** The old name leads on, until another repository takes it. */
export function renameRepository(world: World, repositoryId: number, name: string): void {
  const repository = getRepository(world, repositoryId);
  world.renamed.set(repository.name.toLowerCase(), repositoryId);
  world.renamed.delete(name.toLowerCase());
  repository.name = name;
}
