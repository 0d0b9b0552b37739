import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';

import { tokenOf } from '../../support/workers.ts';
import { startVerifyingProcesses } from './verifying.ts';

type Victim = 'runner' | 'coordinator' | 'agent';
type At =
  /** A request reaches Gitea: it is not carried out, or it is and its answer gets lost. */
  | { readonly method: string; readonly path: RegExp; readonly carriedOut: boolean }
  /** A line of the runner's log. */
  | { readonly line: string }
  /** Where the agent is. */
  | 'begun'
  | 'committed'
  | 'verdict';

function asked(method: string, path: RegExp, carriedOut = false): At {
  return { method, path, carriedOut };
}

const points: readonly (readonly [string, Victim, At])[] = [
  ['the issue is claimed', 'runner', { line: 'issue claimed' }],
  ['it fetches', 'runner', asked('POST', /git-upload-pack$/)],
  ['its agent has begun', 'runner', 'begun'],
  ['its agent has committed', 'runner', 'committed'],
  ['it pushes', 'runner', asked('POST', /git-receive-pack$/)],
  ['it has pushed', 'runner', asked('POST', /git-receive-pack$/, true)],
  ['it waits for the verdict', 'runner', { line: 'waits for the verdict' }],
  ['the verdict is stored', 'runner', 'verdict'],
  ['an agent works', 'coordinator', 'begun'],
  ['the commit is called done', 'coordinator', asked('GET', /\/git\/commits\//)],
  ['it has begun', 'agent', 'begun'],
  ['it has committed', 'agent', 'committed'],
];

/** It tells where it is, and waits for an answer. Killed, it leaves a process that has left its group. */
const agent = `
import { execFileSync, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
const tell = (at) => fetch(process.argv[2] + '/' + at + '?pid=' + process.pid);
spawn(process.execPath, ['-e', 'setTimeout(() => {}, 600000)'], { detached: true, stdio: 'ignore' }).unref();
await tell('begun');
writeFileSync('src/more.js', 'export const one = 1;\\n');
execFileSync('git', ['add', '.']);
execFileSync('git', ['commit', '--quiet', '--allow-empty', '--message', 'One']);
await tell('committed');
`;

test.each(points)(
  'killed when %s (%s): one commit passes, one pull request, no process left',
  { timeout: 300_000 },
  async (_name, victim, at) => {
    const world = await startVerifyingProcesses();
    const { gitea, directory } = world;
    world.publish({});
    let service = await world.startService();
    world.startVerifier();
    const killed = { is: false };
    const stage = await startAgentStage((where, pid) => at === where && kill(pid));
    const script = join(directory, 'agent.mjs');
    writeFileSync(script, agent);
    const startRunner = () => world.startRunner('worker-1', [process.execPath, script, stage.url]);
    const number = world.openIssue('One');
    let runner = startRunner();

    function kill(agentPid = 0): boolean {
      if (killed.is) return false;
      killed.is = true;
      if (victim === 'agent') process.kill(agentPid, 'SIGKILL');
      else (victim === 'runner' ? runner : service).send('SIGKILL');
      return true;
    }
    if (typeof at === 'object' && 'method' in at) {
      const matches = (method: string, path: string) =>
        !killed.is && method === at.method && at.path.test(path);
      if (at.carriedOut) gitea.loseAnswers((method, path) => matches(method, path) && kill());
      else gitea.breakWith((response) => void (kill(), response.destroy()), matches);
    }

    // Beside the questions below, which are asked until somebody answers.
    const revived = (async () => {
      while (!killed.is) await sleep(20);
      if (victim === 'runner') {
        await runner.exit();
        runner = startRunner();
      } else if (victim === 'coordinator') {
        await service.exit();
        service = await world.startService();
      }
    })();
    const began = performance.now();
    for (;;) {
      if (typeof at === 'object' && 'line' in at && runner.output.stdout.includes(at.line)) kill();
      // The issue is not known yet.
      const [newest] = await world.verifications(number).catch(() => []);
      if (at === 'verdict' && newest?.state === 'passed') kill();
      const { reason } = await world.plan(number).catch(() => ({ reason: { text: '' } }));
      if (killed.is && /pull request !\d+ waits/.test(reason.text)) break;
      if (performance.now() - began > 200_000)
        throw new Error(JSON.stringify([newest, reason, runner.output]));
      await sleep(200);
    }
    await revived;
    await runner.until('it has begun', () =>
      runner.output.stdout.includes('waiting for issues') ? true : undefined,
    );
    runner.send('SIGTERM');
    expect(await runner.exit()).toMatchObject({ code: 0 });

    const ended = await world.verifications(number);
    expect(ended.map(({ state }) => state)).toEqual(['passed']);
    expect(world.pulls()).toHaveLength(1);
    const live = await world.call('/claims', undefined, {
      authorization: `Bearer ${tokenOf('worker-1')}`,
    });
    expect(live.json).toEqual({ items: [] });
    const branch = gitea.repositories.get(2)?.branches?.get(`agent/issue-${number}-one`);
    expect(branch).toBe(ended[0]?.commit);
    expect(processesNaming(join(directory, 'runner'))).toEqual([]);
  },
);

/** Hears where the agent is; it goes on when this has answered. */
async function startAgentStage(onTold: (where: string, pid: number) => unknown) {
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://x');
    onTold(pathname.slice(1), Number(searchParams.get('pid')));
    // A moment, in which the killed one is gone.
    setTimeout(() => response.end(), 200);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = z.object({ port: z.number() }).parse(server.address());
  return { url: `http://127.0.0.1:${port}` };
}

/** Processes whose environment names a path below: agents, and what they started. */
function processesNaming(path: string): string[] {
  return readdirSync('/proc').filter((entry) => {
    try {
      return /^\d+$/.test(entry) && readFileSync(`/proc/${entry}/environ`, 'utf8').includes(path);
    } catch {
      return false;
    }
  });
}
