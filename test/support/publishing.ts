import { manualClock } from './clock.ts';
import { giteaBot, startGitea, type GiteaIssue } from '../fake-gitea/gitea.ts';
import { startService, temporaryDirectory, type Service, type ServiceOptions } from './service.ts';

type Options = Omit<ServiceOptions, 'directory'> & { readonly publish?: string };

const repositoryId = 2;

/** A Gitea with a hook, the service that publishes to it, and one clock for both. */
export async function stagePublishing({ publish = 'comment,labels', ...options }: Options = {}) {
  const clock = manualClock();
  const gitea = await startGitea({ now: clock.now });
  const issues = new Map<number, GiteaIssue>();
  gitea.repositories.set(repositoryId, { name: 'acme/orbit', issues });
  const directory = temporaryDirectory();
  const running: Service[] = [];

  async function start(more: Partial<ServiceOptions> = {}): Promise<Service> {
    const service = await startService({
      ...{ gitea, clock },
      random: () => 0,
      ...options,
      ...more,
      directory,
      env: {
        PUBLISH: publish,
        ...options.env,
        ...more.env,
      },
    });
    running.push(service);
    gitea.hooks.clear();
    gitea.addHook({ url: `${service.url}/webhook/gitea` });
    return service;
  }

  const service = await start();

  /** Resolves when all webhooks are delivered and the service has nothing left to do. */
  async function settle(): Promise<void> {
    for (let seen = -1; seen < gitea.delivered.length;) {
      await gitea.settled();
      seen = gitea.delivered.length;
      await running.at(-1)?.idle();
      await gitea.settled();
    }
  }

  /** A new issue of the bot. */
  async function assigned(title: string, body = 'Small.'): Promise<string> {
    const number = gitea.as('maria').openIssue('acme/orbit', { title, body });
    const ref = `acme/orbit#${number}`;
    gitea.as('maria').assign(ref, giteaBot);
    await settle();
    return ref;
  }

  /** Comment, labels and number of comments that people see on an issue. */
  function shown(ref: string) {
    const [first, ...more] = gitea.commentsOf(ref);
    const labels = gitea.labelsOf(ref).filter((name) => name.startsWith('coordinator/'));
    const line = first?.body.split('\n')[1] ?? null;
    return { line, labels, comments: more.length + (first === undefined ? 0 : 1) };
  }

  /** Writes by the bot since the last call, as "POST 201". */
  let counted = 0;
  function writes(): string[] {
    const fresh = gitea.writes.slice(counted).filter(({ by }) => by === giteaBot);
    counted = gitea.writes.length;
    return fresh.map(
      ({ method, path, status }) => `${method} ${path.replace(/\d{4,}/, 'N')} ${status}`,
    );
  }

  return { gitea, clock, service, start, settle, assigned, shown, writes, directory };
}
