import { existsSync } from 'node:fs';

import { expect, test } from 'vitest';
import { z } from 'zod';

import { keepDemo } from '../../../../src/cli/demo/world/keep.ts';
import { captureIo } from '../../../support/capture-io.ts';

const listSchema = z.object({
  items: z.array(
    z.object({ ref: z.string(), state: z.string(), reason: z.object({ code: z.string() }) }),
  ),
});
const idsSchema = z.object({
  items: z.array(z.looseObject({ id: z.string().optional(), deliveryId: z.string().optional() })),
});
const queueSchema = z.looseObject({ claimed: z.array(z.looseObject({ context: z.unknown() })) });
/** The world is opened in some seconds; machines that run tests are busy. */
const openMs = 240_000;

/** All the states that a visitor is to see, and the reasons for which a person is needed. */
const wanted = [
  ...['ready ready', 'done closed', 'released not_assigned', 'in_progress claimed'],
  ...[
    'blocked open_blockers',
    'blocked cycle',
    'blocked unknown_blockers',
    'oversized no_agent_fits',
  ],
  ...['needs_human gates_failed', 'needs_human issue_budget', 'needs_human worker_blocked'],
  'in_review gates_passed',
];

test(
  'the world shows every state, signs the visitor in, goes on, and leaves nothing behind',
  { timeout: openMs },
  async () => {
    const stop = new AbortController();
    const screen = captureIo({ signal: stop.signal, until: '/api/v1/queue' });
    const before = process.listenerCount('SIGHUP');
    const played = keepDemo(screen.io, { speed: 60, seed: 1 });
    await Promise.race([screen.reached, played]);
    const [url = '', token = ''] = [/at (http:\S+),/, /Bearer (\w+)/].map(
      (pattern) => pattern.exec(screen.text())?.[1],
    );
    const get = async (path: string) => {
      const headers = { authorization: `Bearer ${token}` };
      const reply = await fetch(`${url}/api/v1${path}`, { headers });
      expect(reply.status).toBe(200);
      const json: unknown = await reply.json();
      return json;
    };
    const { items } = listSchema.parse(await get('/issues?limit=200'));
    expect(items.length).toBeGreaterThanOrEqual(40);
    const shown = new Set(items.map(({ state, reason }) => `${state} ${reason.code}`));
    expect([...shown]).toEqual(expect.arrayContaining(wanted));
    const count = (state: string) => items.filter((item) => item.state === state).length;
    expect(count('in_progress')).toBeGreaterThan(3);
    expect(count('in_review')).toBeGreaterThan(1);
    for (const status of ['dead', 'rejected'])
      expect(idsSchema.parse(await get(`/deliveries?status=${status}`)).items).toHaveLength(1);

    // Every page of every thing in the world can be read.
    const signedIn = await fetch(`${url}/sign-in`, {
      ...{ method: 'POST', redirect: 'manual', headers: { 'sec-fetch-site': 'same-origin' } },
      body: new URLSearchParams({ token, to: '/' }),
    });
    const session = signedIn.headers.get('set-cookie')?.split(';', 1)[0] ?? '';
    const ids = async (path: string) => idsSchema.parse(await get(path)).items;
    const repositories = [...new Set(items.map(({ ref }) => ref.split('#', 1)[0] ?? ''))];
    const paths = [
      ...['/', '/?q=%2312', '/?q=the', '/?agent=sonnet', '/issues?q=a', '/agents', '/status'],
      ...['/deliveries', '/deliveries?status=dead', '/docs', '/graph'],
      ...[...shown].map((text) => `/issues?state=${text.split(' ', 1)[0] ?? ''}`),
      ...repositories.flatMap((name) => [`/?repository=${name}`, `/graph?repository=${name}`]),
      ...items.map(({ ref }) => `/issues/${ref.replace('#', '/')}`),
    ];
    for (const { ref } of items)
      for (const { id } of await ids(`/issues/${ref.replace('#', '/')}/verifications`))
        if (id !== undefined) paths.push(`/verifications/${id}`);
    for (const { deliveryId } of await ids('/deliveries?limit=20'))
      if (deliveryId !== undefined) paths.push(`/deliveries/${encodeURIComponent(deliveryId)}`);
    const giteaUrl = /Gitea stands at (http:[^\s;]+)/.exec(screen.text())?.[1] ?? '';
    const links = new Set<string>();
    for (const path of paths) {
      const reply = await fetch(`${url}${path}`, { headers: { cookie: session } });
      expect([path, reply.status]).toEqual([path, 200]);
      const html = await reply.text();
      for (const [, link = ''] of html.matchAll(/href="([^"#]+)/g))
        if (link.startsWith(giteaUrl)) links.add(link);
      // Its critical path leads over several issues.
      if (path === '/graph?repository=acme/harbor')
        expect(html).toMatch(/tokens<\/strong> in [2-9]/);
    }
    // So can all that they link to on Gitea.
    for (const kind of ['/commit/', '/src/commit/', '/issues/', '/pulls/'])
      expect([kind, [...links].some((link) => link.includes(kind))]).toEqual([kind, true]);
    for (const link of links) expect([link, (await fetch(link)).status]).toEqual([link, 200]);
    const numbers = await fetch(`${url}/metrics`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(await numbers.text()).toContain('mosaic_claims_live');

    // Something happens within seconds, for as long as anybody looks.
    const contexts = async () =>
      JSON.stringify(queueSchema.parse(await get('/queue')).claimed.map(({ context }) => context));
    const first = await contexts();
    await expect.poll(contexts, { timeout: 60_000, interval: 500 }).not.toBe(first);

    const link = /http:\S+\/sign-in\/once\?code=\w+/.exec(screen.text())?.[0] ?? '';
    const opened = await fetch(link, { redirect: 'manual' });
    expect(opened.status).toBe(303);
    const cookie = opened.headers.get('set-cookie')?.split(';', 1)[0] ?? '';
    const page = await fetch(`${url}/`, { headers: { cookie }, redirect: 'manual' });
    expect(page.status).toBe(200);
    expect((await fetch(link, { redirect: 'manual' })).status).toBe(403);

    const folder = /its database is in (\S+)\.\n/.exec(screen.text())?.[1] ?? '';
    expect(existsSync(folder)).toBe(true);
    stop.abort();
    await played;
    expect(existsSync(folder)).toBe(false);
    await expect(fetch(`${url}/livez`)).rejects.toThrow('fetch failed');
    expect(process.listenerCount('SIGHUP')).toBe(before);
  },
);

test('stopped before its world is open, the demo says so', async () => {
  const screen = captureIo({ signal: AbortSignal.abort() });
  const played = keepDemo(screen.io, { speed: 20, seed: 1 });
  await expect(played).rejects.toMatchObject({ code: 'demo_stopped' });
});
