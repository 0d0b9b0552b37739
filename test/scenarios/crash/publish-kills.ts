import { expect } from 'vitest';

import { startCrashProcess } from './crash-process.ts';
import { giteaBot, giteaToken, startGitea } from '../../fake-gitea/gitea.ts';
import { startService, temporaryDirectory } from '../../support/service.ts';
import type { PublishStep } from '../../support/publish-steps.ts';

type FatalStep = Exclude<PublishStep, 'label-created' | 'label-removed'>;
const fatalSteps: readonly FatalStep[] = ['comment-created', 'comment-edited', 'label-added'];

/** One kill of the service right after Gitea has done what it asked for. */
export interface PublishKill {
  readonly step: FatalStep;
  /** Whether the service still receives the answer. */
  readonly answered: boolean;
  /** Change of the issue while the service is down. */
  readonly then: 'nothing' | 'unassigned' | 'closed';
}

/** Every kind of kill after such steps, over and over. */
export function publishKills(count: number, steps = fatalSteps): PublishKill[] {
  const kinds = (['nothing', 'unassigned', 'closed'] as const).flatMap((then) =>
    [false, true].flatMap((answered) => steps.map((step) => ({ step, answered, then }))),
  );
  return Array.from({ length: count }, (_, cycle) => kinds[cycle % kinds.length]).filter(
    (kill) => kill !== undefined,
  );
}

const repository = 'acme/orbit';

/**
 * Kills the service, cycle by cycle, and starts it again on the same data. What happens while it is down it is not
 * told of. In the end what stands on Gitea must be what it shows by itself, and no comment was made twice.
 */
export async function publishThroughKills(kills: readonly PublishKill[]) {
  const gitea = await startGitea();
  const maria = gitea.as('maria');
  gitea.repositories.set(3, { name: repository, issues: new Map() });
  const directory = temporaryDirectory();
  const env = { PUBLISH: 'comment,labels' };
  const open = (title: string) =>
    `${repository}#${maria.openIssue(repository, { title, body: 'Do it.', assignees: [giteaBot] })}`;
  /** Its comment is edited in every cycle. */
  const lasting = open('Is there all the time');
  const issues = new Map<string, PublishKill['then']>([[lasting, 'nothing']]);

  for (const [cycle, { step, answered, then }] of kills.entries()) {
    const ownEnd = answered ? { point: step, passes: 1 } : undefined;
    const service = await startCrashProcess({
      directory,
      env: { GITEA_URL: gitea.url, GITEA_TOKEN: giteaToken, ...env },
      ownEnd,
    });
    gitea.hooks.clear();
    gitea.addHook({ url: `${service.url ?? gitea.url}/webhook/gitea` });
    let isDead = false;
    gitea.loseAnswers((method, path) => {
      if (!answered && !isDead && stepOf(method, path) === step) isDead = service.send('SIGKILL');
      return isDead;
    });
    const ref = open(`Cycle ${cycle}`);
    issues.set(ref, then);
    maria.editIssue(lasting, { body: `Total estimated: ${10 + cycle},000 tokens\n` });
    expect(await service.exit()).toMatchObject({ signal: 'SIGKILL' });
    await gitea.settled();
    gitea.loseAnswers();
    if (then === 'unassigned') maria.unassign(ref, giteaBot);
    if (then === 'closed') maria.close(ref);
    await gitea.settled();
  }
  const survivor = await startService({ directory, gitea, env });
  await survivor.reconcile();
  await survivor.idle();
  for (const [ref, then] of issues) expect({ ref, ...shownBy(ref) }).toEqual(right(ref, then));
  const created = gitea.writes.filter(
    ({ method, path, status }) => status === 201 && stepOf(method, path) === 'comment-created',
  );
  expect(new Set(created.map(({ path }) => path)).size).toBe(created.length);
  return { comments: created.length, writes: gitea.writes.length };

  function shownBy(ref: string) {
    const comments = gitea.commentsOf(ref).filter(({ author }) => author === giteaBot);
    return {
      says: comments.map(({ body }) => /\*\*(.+?)\.\*\*/.exec(body)?.[1]),
      labels: gitea.labelsOf(ref),
    };
  }

  function right(ref: string, then: PublishKill['then']) {
    const isSilent = gitea.commentsOf(ref).length === 0 && then !== 'nothing';
    const says = isSilent ? [] : [openings[then]];
    // Closed before it had a label, it gets none.
    const had = then !== 'closed' || gitea.labelsOf(ref).length > 0;
    return { ref, says, labels: had ? labels[then] : [] };
  }
}

const openings = { nothing: 'Ready', unassigned: 'Not planned', closed: 'Done' };
const labels = { nothing: ['coordinator/ready'], unassigned: [], closed: ['coordinator/done'] };

function stepOf(method: string, path: string): PublishStep | undefined {
  if (method === 'POST' && /\/issues\/\d+\/comments$/.test(path)) return 'comment-created';
  if (method === 'PATCH' && /\/issues\/comments\/\d+$/.test(path)) return 'comment-edited';
  if (method === 'POST' && /\/issues\/\d+\/labels$/.test(path)) return 'label-added';
  return undefined;
}
