import { z } from 'zod';

import { recordedSecret } from '../../support/recordings.ts';
import { callGitea } from './call-gitea.ts';
import type { World } from './world.ts';

/** The webhook of docs/setup.md, created by hand. */
export async function createHook({ root, repository, url }: World): Promise<void> {
  await callGitea(root, 'POST', `/repos/${repository()}/hooks`, {
    type: 'gitea',
    active: true,
    events: ['issues_only', 'issue_assign', 'issue_label', 'issue_milestone', 'issue_comment'],
    config: { url: `${url}/webhook/gitea`, content_type: 'json', secret: recordedSecret },
  });
}

const hooksSchema = z.array(z.object({ id: z.number(), config: z.object({ url: z.string() }) }));

export async function findHooks({ root, repository }: World) {
  return hooksSchema.parse(await callGitea(root, 'GET', `/repos/${repository()}/hooks`));
}

/** Webhooks off altogether. */
export async function deleteHooks(world: World): Promise<void> {
  for (const { id } of await findHooks(world))
    await callGitea(world.root, 'DELETE', `/repos/${world.repository()}/hooks/${id}`);
}
