import { expect, test } from 'vitest';
import { z } from 'zod';

import { signIn, submit, visit } from '../../support/browser-like.ts';
import { statementIn } from '../../support/database.ts';
import { readPage } from '../../support/docs.ts';
import { hostileTexts } from '../../support/hostile.ts';
import { foreignIn } from '../../support/markup.ts';
import type { Service } from '../../support/service.ts';
import { commits, failed, startVerifying, verifyingSchema } from '../../support/verifying.ts';
import { startWork } from '../../support/work.ts';
import { call } from '../../support/workers.ts';

/** The pages that the documentation lists. */
const addresses = [...readPage('docs/pages.md').text.matchAll(/^\| `GET (\/[^`]*)`/gm)]
  .map(([, address = '']) => address)
  .filter((address) => !address.startsWith('/assets/') && address !== '/events');

/** Every page, with the issues, deliveries and verifications that stand in for its parameters. */
function pathsOf(places: Readonly<Record<string, readonly string[]>>): string[] {
  return addresses.flatMap((address) => {
    if (!address.includes('{')) return [address];
    const kind = address.split('/', 2)[1] ?? '';
    expect(Object.keys(places), `what stands in for ${address}`).toContain(kind);
    return (places[kind] ?? []).map((place) => `/${kind}/${place}`);
  });
}

async function pageOf(service: Service, cookie: string, path: string) {
  const reply = await visit(service, path, { headers: { cookie } });
  return { status: reply.status, html: await reply.text() };
}

/** The pages of which something is foreign, each with what it is. */
async function foreignOn(service: Service, cookie: string, paths: readonly string[]) {
  const found: Record<string, readonly string[]> = {};
  for (const path of paths) {
    const { status, html } = await pageOf(service, cookie, path);
    const foreign = foreignIn(html, service.config.giteaUrl);
    if (status !== 200) foreign.push(`status ${status}`);
    if (foreign.length > 0) found[path] = foreign.slice(0, 10);
  }
  return found;
}

/** Three at a time: each has an issue, a delivery and an agent. */
const groups = hostileTexts.flatMap((_, index) =>
  index % 3 === 0 ? [hostileTexts.slice(index, index + 3).join(' | ')] : [],
);

const rowsSchema = z.array(z.object({ id: z.string() }));

/** As a literal of SQL; PostgreSQL stores no U+0000. */
function literal(text: string): string {
  return `'${text.toWellFormed().replaceAll('\0', '').replaceAll("'", "''")}'`;
}

/** Every text that is not from here has come to the service: in issues, from agents, from operators, in errors. */
async function startHostile() {
  const service = await startWork({ env: { VERIFIERS: '0' } });
  const cookie = await signIn(service);
  for (const [index, text] of groups.entries()) {
    const number = index + 1;
    const waits = number % 3 === 0 ? `Blocked by: #${number - 1} ${text}\n` : '';
    const cycle = number % 9 === 2 ? `Blocked by: #${number + 1}\n` : '';
    const body = `${waits}${cycle}Total estimated: 20k ${text}\n\n${text}\n`;
    await service.tell(number, { title: text, labels: text.split(' | '), body });
    await tellOfWork(service, `worker-${number}`, text, index);
    // Errors come from Gitea, from databases and from systems in between: anything.
    const error = literal(text);
    await statementIn(
      service.directory,
      `update deliveries set error = ${error} where issue_number = ${number}`,
    );
  }
  for (const agent of ['', 'haiku', 'sonnet', 'opus']) {
    const reason = hostileTexts.slice(0, 8).join(' ').slice(0, 400);
    await submit(service, '/pause', { agent, reason }, { cookie });
  }
  const rows = await statementIn(service.directory, 'select id from deliveries order by seq desc');
  const deliveries = rowsSchema.parse(rows).map(({ id }) => encodeURIComponent(id));
  const issues = groups.map((_, index) => `acme/orbit/${index + 1}`);
  return { service, cookie, deliveries, issues };
}

/** An agent claims what there is, says what it likes, and ends in one of the ways there are. */
async function tellOfWork(
  service: Awaited<ReturnType<typeof startWork>>,
  worker: string,
  text: string,
  index: number,
): Promise<void> {
  const held = await service.held(worker).catch(() => undefined);
  if (held === undefined) return;
  const handoff = index % 2 === 0 ? { position: text, [text]: [text] } : text;
  const says = [
    ['release', { reason: text, handoff }],
    ['block', { reason: text, handoff }],
    ['complete', { commit: '3f2c1ab' }],
  ] as const;
  const [what, body] = says[index % says.length] ?? says[0];
  const { status, json } = await call(service, worker, { held, what, body });
  expect([status, what, text, json]).toEqual([200, what, text, json]);
}

test('every page of a world of hostile texts is what we wrote, and text', async () => {
  const { service, cookie, deliveries, issues } = await startHostile();
  const paths = pathsOf({ issues, deliveries, verifications: [] });
  expect(paths.length).toBeGreaterThan(2 * groups.length);
  expect(await foreignOn(service, cookie, paths)).toEqual({});
  // The texts are there: what is not shown proves nothing.
  const shown = [await pageOf(service, cookie, '/'), await pageOf(service, cookie, '/graph')];
  for (const { html } of shown) expect(html).toContain('&lt;img src=x onerror=alert(1)');
});

test('what is asked for stays text: search, filters, notices, the way back', async () => {
  const service = await startWork();
  await service.tell(1);
  const cookie = await signIn(service);
  const paths = hostileTexts.flatMap((text, index) => {
    const given = encodeURIComponent(text.toWellFormed());
    const chosen = `q=${given}&repository=${given}&agent=${given}`;
    return [
      index % 2 === 0
        ? `/?${chosen}&done=${given}`
        : `/issues?${chosen}&state=${given}&cursor=${given}`,
      `/graph?repository=${given}&size=${given}&done=${given}`,
      `/sign-in?to=${index % 2 === 0 ? '' : '/'}${given}`,
      ...(index % 5 === 0 ? [`/deliveries?status=${given}&cursor=${given}`] : []),
    ];
  });
  for (const done of ['__proto__', 'constructor', 'toString', 'hasOwnProperty'])
    paths.push(`/?done=${done}`, `/issues/acme/orbit/1?done=${done}`, `/agents?done=${done}`);
  paths.push(
    '/sign-in?to=/a&to=/b',
    `/sign-in?to=/${'a'.repeat(3_000)}`,
    '/?q=a&q=b&done=a&done=b',
  );
  expect(await foreignOn(service, cookie, paths)).toEqual({});
  const { html } = await pageOf(service, cookie, '/?done=constructor');
  expect(html).not.toContain('class="notice" role="status"');
});

test('the page of a verification of hostile texts is what we wrote, and text', async () => {
  const scene = await startVerifying();
  const sent = await scene.complete(scene.mine, commits.work, { branch: 'agent/one' });
  const { id } = verifyingSchema.parse(sent.json).verification;
  const job = await scene.take();
  if (job === null) throw new Error('nothing to verify');
  const all = hostileTexts.join(' ');
  const gates = hostileTexts.map((text) => ({
    ...{ gate: text.slice(0, 60), status: 'failed', counts: true, durationMs: 1 },
    ...{ message: text, tool: text },
  }));
  const findings = hostileTexts.map((text, line) => ({
    ...{ file: text, line, column: null, rule: text, message: text, severity: text },
  }));
  const report = { verdict: 'failed', gates: [{ ...gates[0], findings, findingsOmitted: 1 }] };
  const { status, json } = await scene.report(job, {
    ...failed,
    cause: { code: 'gates_failed', message: all.slice(0, 900) },
    ...{ environment: all.slice(0, 190), findings: all, configHash: all.slice(0, 90) },
    ...{ gates: gates.slice(0, 30), report },
  });
  expect([status, json]).toEqual([200, json]);
  const cookie = await signIn(scene.service);
  const paths = [`/verifications/${id}`, '/issues/acme/orbit/1', '/', '/agents', '/status'];
  expect(await foreignOn(scene.service, cookie, paths)).toEqual({});
  const { html } = await pageOf(scene.service, cookie, `/verifications/${id}`);
  expect(html.split('&lt;img src=x onerror=alert(1)').length).toBeGreaterThan(6);
});
