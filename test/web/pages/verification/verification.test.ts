import { expect, test } from 'vitest';

import { signIn, submit, visit } from '../../../support/browser-like.ts';
import { startService } from '../../../support/service.ts';
import { commits, failed, startVerifying, verifyingSchema } from '../../../support/verifying.ts';

type Scene = Awaited<ReturnType<typeof startVerifying>>;

async function pageOf({ service }: Scene, cookie: string, id: string): Promise<string> {
  const reply = await visit(service, `/verifications/${id}`, { headers: { cookie } });
  expect(reply.status).toBe(200);
  return (await reply.text()).replaceAll('&quot;', '"');
}

function wordsOf(page: string): string {
  return page.replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ');
}

/** A verification of the commit of worker-1; its id. */
async function asked({ complete, mine }: Scene): Promise<string> {
  const { json } = await complete(mine, commits.work, { branch: 'agent/one' });
  return verifyingSchema.parse(json).verification.id;
}

const finding = (file: string | null, line: number | null, message: string) => ({
  ...{ file, line, message },
  ...{ column: null, rule: 'no-x', severity: 'error' },
});

function reportOf(findings: readonly object[]) {
  const gate = { gate: 'test', status: 'failed', counts: true, findings, findingsOmitted: 3 };
  return { verdict: 'failed', gates: [gate] };
}

test('from the queue to the verdict: gates, findings with lines, what was looked at, report', async () => {
  const scene = await startVerifying();
  const id = await asked(scene);
  const cookie = await signIn(scene.service);
  expect(wordsOf(await pageOf(scene, cookie, id))).toContain('waiting It waits for a verifier.');
  const job = await scene.take();
  if (job === null) throw new Error('nothing to verify');
  const running = await pageOf(scene, cookie, id);
  expect(wordsOf(running)).toContain('running The gates run now.');
  // Each part that the verdict brings has its place already.
  const partsOf = (html: string) =>
    [...html.matchAll(/<section id="([\w-]+)"[^>]*data-live/g)].map(([, part]) => part);
  expect(partsOf(running)).toEqual([
    'verdict',
    'actions',
    'gates',
    'findings',
    'looked-at',
    'others',
    'report',
  ]);
  const findings = [
    finding('src/b.ts', 1, 'expected 1 to be 2'),
    finding('src/b.ts', 7, 'and this'),
    finding(null, null, 'of no file'),
    finding('../../user', 1, 'elsewhere'),
  ];
  await scene.report(job, { ...failed, report: reportOf(findings) });
  const page = await pageOf(scene, cookie, id);
  const words = wordsOf(page);
  expect(partsOf(page)).toEqual(partsOf(running));
  expect(words).toContain(
    'failed The commit is refused until what is found is fixed. 1 of 3 gates failed: test.',
  );
  const at = `${scene.gitea.url}/acme/orbit/src/commit/${commits.work}/src/b.ts`;
  expect(page).toContain(`href="${at}#L1"`);
  expect(page).toContain(`href="${at}#L7"`);
  // A path that would lead elsewhere is no link.
  expect(page).not.toMatch(/href="[^"]*user/);
  for (const part of ['expected 1 to be 2', '… and 3 more.', 'c0ffee', 'agent/one', 'judge'])
    expect(words).toContain(part);
  expect(page).toContain(`href="${scene.gitea.url}/acme/orbit/commit/${commits.work}"`);
  expect(page).toContain('<a href="/issues/acme/orbit/1">acme/orbit#1</a>');
  expect(words).toContain('"findingsOmitted": 3');
});

test('verify again, by an operator; the new one is shown', async () => {
  const scene = await startVerifying();
  const id = await asked(scene);
  const job = await scene.take();
  if (job === null) throw new Error('nothing to verify');
  await scene.report(job);
  const cookie = await signIn(scene.service);
  const done = await submit(scene.service, `/verifications/${id}/verify`, {}, { cookie });
  expect(done.status).toBe(303);
  const to = done.headers.get('location') ?? '';
  expect(to).toMatch(/^\/verifications\/[\w-]+\?done=verifying$/);
  expect(to).not.toContain(id);
  const next = /verifications\/([\w-]+)/.exec(to)?.[1] ?? '';
  const page = await pageOf(scene, cookie, next);
  expect(page).toContain(`href="/verifications/${id}"`);
  expect(wordsOf(page)).toContain('waiting It waits for a verifier.');
});

test('another worker and a narrowed reader do not see it, as in the API', async () => {
  const other = 'token-of-another-worker';
  const narrow = 'token-of-narrow-0001';
  const base = await startVerifying();
  const id = await asked(base);
  await base.service.close();
  const tokens = `w9:worker:${other},narrow:reader[repos=other/*]:${narrow},judge:verifier:token-of-the-verifier-1`;
  const again = await startService({
    directory: base.service.directory,
    gitea: base.gitea,
    clock: base.clock,
    env: { API_TOKENS: tokens, GITEA_BOT_USERNAME: 'coordinator-bot' },
  });
  for (const token of [other, narrow]) {
    const cookie = await signIn(again, token);
    const reply = await visit(again, `/verifications/${id}`, { headers: { cookie } });
    expect(reply.status).toBe(404);
    const refused = await submit(again, `/verifications/${id}/verify`, {}, { cookie });
    expect(refused.status).toBe(403);
  }
});

test.each(['<img src=x onerror=alert(1)>', '"><script>alert(1)</script>', 'javascript:alert(1)'])(
  'hostile findings stay text: %s',
  async (hostile) => {
    const scene = await startVerifying();
    const id = await asked(scene);
    const job = await scene.take();
    if (job === null) throw new Error('nothing to verify');
    const gate = { gate: hostile, status: 'failed', counts: true, message: hostile };
    await scene.report(job, {
      ...failed,
      cause: { code: 'gates_failed', message: hostile },
      ...{ environment: hostile, findings: hostile, configHash: hostile },
      gates: [{ ...gate, durationMs: 1, tool: hostile }],
      report: reportOf([finding(hostile, 1, hostile), finding('a/../b', 2, hostile)]),
    });
    const page = await pageOf(scene, await signIn(scene.service), id);
    expect(page).not.toContain('<img');
    expect(page.match(/<script/g)).toHaveLength(1);
    expect(page).not.toMatch(/(?:href|src|action)="javascript:/);
    expect(page.split(hostile.replaceAll('<', '&lt;')).length).toBeGreaterThan(6);
  },
);
