import { setTimeout as sleep } from 'node:timers/promises';

import { expect, test } from 'vitest';

import { startVerifyingProcesses } from './verifying.ts';

type Victim = 'service' | 'verifier';
type At =
  /** A request reaches Gitea: it is not carried out, or it is and its answer gets lost. */
  | { readonly method: string; readonly path: RegExp; readonly carriedOut: boolean }
  /** The call that completes is answered, gates run, a verdict is stored. */
  | 'accepted'
  | 'gates'
  | 'verdict';

const points: readonly (readonly [string, Victim, At])[] = [
  ['Gitea is asked for the commit', 'service', asked('GET', /\/git\/commits\//)],
  ['complete was answered', 'service', 'accepted'],
  ['git fetches through it', 'service', asked('GET', /\.git\/info\/refs/)],
  ['gates run', 'service', 'gates'],
  ['the verdict is stored', 'service', 'verdict'],
  ['the first status is written', 'service', asked('POST', /\/statuses\//)],
  ['a status was written', 'service', asked('POST', /\/statuses\//, true)],
  ['the pull request is opened', 'service', asked('POST', /\/pulls$/)],
  ['the pull request was opened', 'service', asked('POST', /\/pulls$/, true)],
  ['it fetches', 'verifier', asked('GET', /\.git\/info\/refs/)],
  ['its gates run', 'verifier', 'gates'],
  ['its verdict is stored', 'verifier', 'verdict'],
];

function asked(method: string, path: RegExp, carriedOut = false): At {
  return { method, path, carriedOut };
}

test.each(points)(
  'killed when %s (%s): one verdict, one set of statuses, one pull request',
  { timeout: 300_000 },
  async (_name, victim, at) => {
    const world = await startVerifyingProcesses();
    const { gitea, gate } = world;
    const commit = world.repository.push('agent/one', { 'src/more.js': 'export const one = 1;\n' });
    world.publish({ 'agent/one': commit });
    let service = await world.startService();
    let verifier = world.startVerifier();
    const held = await world.claim('One');
    const killed = { is: false };

    function kill(): boolean {
      if (killed.is) return false;
      killed.is = true;
      (victim === 'service' ? service : verifier).send('SIGKILL');
      return true;
    }
    if (typeof at === 'object') {
      const matches = (method: string, path: string) =>
        !killed.is && method === at.method && at.path.test(path);
      if (at.carriedOut) gitea.loseAnswers((method, path) => matches(method, path) && kill());
      else gitea.breakWith((response) => void (kill(), response.destroy()), matches);
    }
    gate.whenRun(() => {
      if (at === 'gates') kill();
      return undefined;
    });

    const revived = (async () => {
      while (!killed.is) await sleep(20);
      if (victim === 'service') {
        await service.exit();
        service = await world.startService();
      } else {
        await verifier.exit();
        verifier = world.startVerifier();
      }
    })();
    expect((await world.complete(held, commit, 'agent/one')).status).toBe(202);
    if (at === 'accepted') kill();
    const began = performance.now();
    for (;;) {
      const [newest] = await world.verifications(held.number);
      if (at === 'verdict' && newest?.state === 'passed') kill();
      const { reason } = await world.plan(held.number);
      if (killed.is && /pull request !\d+ waits/.test(reason.text)) break;
      if (performance.now() - began > 240_000) throw new Error(JSON.stringify([newest, reason]));
      await sleep(200);
    }
    await revived;
    const settledAt = performance.now();
    while (performance.now() - settledAt < 3_000) await sleep(200);

    const ended = await world.verifications(held.number);
    expect(ended.filter(({ state }) => state === 'passed')).toHaveLength(1);
    expect(ended.filter(({ state }) => state !== 'passed')).toEqual([]);
    const statuses = world.statuses(commit);
    const outcomes = statuses.filter(({ state }) => state !== 'pending');
    const contexts = new Set(outcomes.map(({ context }) => context));
    expect([...contexts].sort()).toEqual([
      'coordinator/integrity',
      'coordinator/unit',
      'coordinator/verdict',
    ]);
    for (const context of contexts)
      expect(statuses.findLast((status) => status.context === context)?.state).toBe('success');
    expect(world.pulls()).toHaveLength(1);
  },
);

test(
  'ten verifications, two verifiers, one killed: each gets one verdict, the oldest first',
  { timeout: 400_000 },
  async () => {
    const world = await startVerifyingProcesses();
    const { gate } = world;
    const commits = Array.from({ length: 10 }, (_, index) =>
      world.repository.push(`agent/${index}`, { 'src/more.js': `export const one = ${index};\n` }),
    );
    world.publish(Object.fromEntries(commits.map((commit, index) => [`agent/${index}`, commit])));
    const service = await world.startService();
    const numbers: number[] = [];
    for (const [index, commit] of commits.entries()) {
      const held = await world.claim(`Issue ${index}`);
      expect((await world.complete(held, commit, `agent/${index}`)).status).toBe(202);
      numbers.push(held.number);
    }
    const began = performance.now();
    const verifiers = [world.startVerifier(), world.startVerifier()];
    gate.whenRun(() => {
      if (gate.ran() === 4) verifiers[0]?.send('SIGKILL');
      return undefined;
    });
    const ended = new Map<number, number>();
    while (ended.size < numbers.length) {
      for (const number of numbers) {
        const [newest] = await world.verifications(number);
        if (newest?.state === 'passed' && !ended.has(number))
          ended.set(number, Math.round(performance.now() - began));
      }
      if (performance.now() - began > 300_000) throw new Error(JSON.stringify([...ended]));
      await sleep(200);
    }
    const all = await Promise.all(numbers.map((number) => world.verifications(number)));
    expect(all.map((items) => items.map(({ state }) => state))).toEqual(
      numbers.map(() => ['passed']),
    );
    const again = performance.now();
    const [number = 0] = numbers;
    const asked = await world.call(`/issues/acme/orbit/${number}/verifications`);
    expect(asked.status).toBe(200);
    process.stdout.write(
      `ten verifications, ended after ms: ${[...ended].map(([each, at]) => `#${each} ${at}`).join(', ')}; gates ran ${gate.ran()} times; a look takes ${Math.round(performance.now() - again)} ms\n`,
    );
    service.send('SIGTERM');
  },
);
