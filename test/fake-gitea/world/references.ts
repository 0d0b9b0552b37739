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

/**
 * As Gitea finds them: not in code or comments, nor where the sign is written as `&#35;` or `\#`. Names have the
 * lengths that Gitea allows: in a process that compiled much, V8 gives up at a word of 17 MB.
 */
function mentionsIn(text: string): { repository: string | undefined; number: number }[] {
  const shown = text.replaceAll(/<!--[\s\S]*?-->|`[^`]*`/g, '');
  const short = shown.matchAll(/(?<![\w&\\/#.-])([\w.-]{1,40}\/[\w.-]{1,100})?#(\d+)\b/g);
  const urls = shown.matchAll(/(?:\/|\()([\w.-]{1,40}\/[\w.-]{1,100})\/issues\/(\d+)\b/g);
  return [...short, ...urls].map(([, repository, number]) => ({
    repository,
    number: Number(number),
  }));
}
