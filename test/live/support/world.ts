import { startProxy } from './proxy.ts';
import { temporaryDirectory } from '../../support/service.ts';
import { callGitea } from './call-gitea.ts';
import { freePort } from './free-port.ts';
import type { GiteaBinary } from './gitea-binary.ts';
import { startGiteaServer } from './gitea-server.ts';
import { createPerson } from './people.ts';

export const bot = 'coordinator-bot';

export interface WorldOptions {
  /** Only collaborators can see the repository; true by default. */
  readonly isPrivate?: boolean;
}

/**
 * A real Gitea with a repository of an organisation, people who work in it, and a place for a coordinator.
 * The coordinator finds Gitea through a proxy that notes what it writes; people go straight to it.
 */
export async function startWorld(binary: GiteaBinary, { isPrivate = true }: WorldOptions = {}) {
  const giteaPort = await freePort();
  const proxy = await startProxy(`http://127.0.0.1:${giteaPort}`);
  const gitea = await startGiteaServer({ ...binary, port: giteaPort, publicUrl: proxy.url });
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const root = { url: gitea.url, token: gitea.tokens.root };
  const names = { repository: 'acme/orbit' };
  const repository = () => names.repository;
  await callGitea(root, 'POST', '/orgs', { username: 'acme' });
  await callGitea(root, 'POST', '/orgs/acme/repos', { name: 'orbit', private: isPrivate });
  for (const login of [bot, 'maria', 'tom'])
    await callGitea(root, 'PUT', `/repos/acme/orbit/collaborators/${login}`, {
      permission: 'write',
    });

  return {
    gitea,
    proxy,
    root,
    /** Address of the coordinator, whenever it runs. */
    url,
    repository,
    maria: createPerson({ url: gitea.url, token: gitea.tokens.maria }, repository),
    tom: createPerson({ url: gitea.url, token: gitea.tokens.tom }, repository),
    rename: async (to: string) => {
      await callGitea(root, 'PATCH', `/repos/${repository()}`, { name: to });
      names.repository = `acme/${to}`;
    },
    /** Data folder of the coordinator. */
    directory: temporaryDirectory(),
    environment: {
      GITEA_URL: proxy.url,
      GITEA_TOKEN: gitea.tokens.bot,
      PUBLISH: 'comment,labels',
      PORT: String(port),
      RECONCILE_INTERVAL_SECONDS: '10',
    },
  };
}

export type World = Awaited<ReturnType<typeof startWorld>>;
