import { expect, test } from 'vitest';

import { allowedRoles, type Role } from '../../../src/api/roles.ts';
import { sameOrigin, signIn, visit } from '../../support/browser-like.ts';
import { readPage } from '../../support/docs.ts';
import { startWork } from '../../support/work.ts';

const roles = ['reader', 'worker', 'verifier', 'operator'] as const;
const tokenOf = (role: Role) => `token-of-the-${role}-01`;
const API_TOKENS = roles.map((role) => `one-${role}:${role}:${tokenOf(role)}`).join(',');

/** Routes that need no role, each with what guards it instead. */
const open = [
  ...['GET /assets/icon.svg', 'GET /assets/live.js', 'GET /assets/style.css'],
  // Probes; who has no token is told no more than whether it works.
  ...['GET /health', 'GET /health/webhook', 'GET /livez', 'GET /readyz'],
  ...['GET /openapi.json', 'GET /sign-in', 'POST /sign-in', 'POST /sign-out'],
  // By a token of its own, or any of the API; and by the signature of the webhook.
  ...['GET /metrics', 'POST /webhook/gitea'],
];

test('every route of the documentation needs a role, but those that are open on purpose', () => {
  const text = readPage('docs/api.md').text + readPage('docs/pages.md').text;
  const listed = [...text.matchAll(/^\| `([A-Z]+ \/[^`]*)`/gm)].map(([, route = '']) =>
    route.replaceAll(/\{(\w+)\}/g, ':$1'),
  );
  const guarded = Object.keys(allowedRoles);
  expect(listed.filter((route) => !guarded.includes(route)).sort()).toEqual(open.toSorted());
  expect(guarded.filter((route) => !listed.includes(route))).toEqual([]);
});

const values: Readonly<Record<string, string>> = {
  ...{ owner: 'acme', repo: 'orbit', number: '1', id: 'none' },
};

test('route by route, each role may what the table says, and nobody else may anything', async () => {
  const service = await startWork({ env: { API_TOKENS } });
  await service.tell(1);
  const cookies = new Map<Role, string>();
  for (const role of roles) cookies.set(role, await signIn(service, tokenOf(role)));

  /** Status and the code of an error, or where a page leads. */
  async function ask(route: string, role: Role | undefined): Promise<string> {
    const [method = '', pattern = ''] = route.split(' ');
    const path = pattern.replaceAll(/:(\w+)/g, (_, name: string) => values[name] ?? '');
    const isPage = !/^\/(api|mcp)\b/.test(path);
    const who =
      role === undefined
        ? {}
        : isPage
          ? { cookie: cookies.get(role) ?? '' }
          : { authorization: `Bearer ${tokenOf(role)}` };
    const isForm = method === 'POST' && isPage;
    const isJson = method === 'POST' && !isPage;
    const reply = await visit(service, path, {
      method,
      ...(isForm ? { body: new URLSearchParams({ claim: 'none' }) } : isJson ? { body: '{}' } : {}),
      headers: { ...sameOrigin, ...who, ...(isJson ? { 'content-type': 'application/json' } : {}) },
    });
    if (reply.headers.get('content-type')?.startsWith('text/event-stream') === true) {
      await reply.body?.cancel();
      return '200';
    }
    const text = await reply.text();
    const code = /"code":"(\w+)"/.exec(text)?.[1] ?? reply.headers.get('location') ?? '';
    const refusal = text.includes('this needs the role') ? 'by role' : code;
    return `${reply.status} ${refusal}`.trim();
  }

  const wrong: string[] = [];
  for (const [route, allowed] of Object.entries(allowedRoles)) {
    const isPage = !/ \/(api|mcp)\b/.test(route);
    const stranger = await ask(route, undefined);
    const turnedAway =
      route === 'GET /events' ? /^401$/ : isPage ? /^303 \/sign-in/ : /^401 unauth/;
    if (!turnedAway.test(stranger)) wrong.push(`${route} without a role: ${stranger}`);
    for (const role of roles) {
      const got = await ask(route, role);
      const status = Number(got.split(' ', 1)[0]);
      const isRefused = got === '403 by role';
      const isAnswered = status < 500 && status !== 401 && !got.includes('/sign-in');
      if (isRefused === allowed.includes(role) || !isAnswered)
        wrong.push(`${route} as ${role}: ${got}`);
    }
  }
  expect(wrong).toEqual([]);
});

test.each(['a cookie for a token', 'a token for a cookie'])(
  'what opens the API opens no page, and the other way round: %s',
  async (which) => {
    const service = await startWork({ env: { API_TOKENS } });
    const cookie = await signIn(service, tokenOf('operator'));
    const reply =
      which === 'a cookie for a token'
        ? await visit(service, '/api/v1/issues', { headers: { cookie } })
        : await visit(service, '/', {
            headers: { authorization: `Bearer ${tokenOf('operator')}` },
          });
    expect(reply.status).toBe(which === 'a cookie for a token' ? 401 : 303);
  },
);
