import { getRepository, touch, type World } from './state.ts';
import { isSame, sameName, type IssuePlace } from './types.ts';

/** Issues named in a text are linked with where it stands, once, which moves them; no webhook. */
export function linkMentions(world: World, source: string, from: IssuePlace, text: string): void {
  for (const { repository, number } of mentionsIn(text)) {
    const ids = [...world.repositories].filter(([, { name }]) => sameName(name, repository ?? ''));
    const repositoryId = repository === undefined ? from.repositoryId : ids[0]?.[0];
    if (repositoryId === undefined) continue;
    const target = { repositoryId, number };
    const key = `${source} ${repositoryId}#${number}`;
    const isThere = getRepository(world, repositoryId).issues.has(number);
    if (!isThere || isSame(target, from) || world.references.has(key)) continue;
    world.references.add(key);
    touch(world, target);
  }
}

/** As Gitea finds them: not in code or comments, nor where the sign is written as `&#35;` or `\#`. */
function mentionsIn(text: string): { repository: string | undefined; number: number }[] {
  const shown = text.replaceAll(/<!--[\s\S]*?-->|`[^`]*`/g, '');
  const short = shown.matchAll(/(?<![\w&\\/#.-])([\w.-]+\/[\w.-]+)?#(\d+)\b/g);
  const urls = shown.matchAll(/(?:\/|\()([\w.-]+\/[\w.-]+)\/issues\/(\d+)\b/g);
  return [...short, ...urls].map(([, repository, number]) => ({
    repository,
    number: Number(number),
  }));
}
