import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { expect, test } from 'vitest';

import type { GiteaHook } from '../../../src/gitea/schemas.ts';
import { examineConfig } from '../../../src/config.ts';
import { agentsFinding } from '../../../src/cli/doctor/agents.ts';
import { checkDelivery } from '../../../src/cli/doctor/delivery-check.ts';
import { check } from '../../../src/cli/doctor/check.ts';
import { checkDatabase } from '../../../src/cli/doctor/database.ts';
import { isMeantForUs, isSameUrl, shownUrl } from '../../../src/cli/doctor/hook-rules.ts';
import { checkHooks } from '../../../src/cli/doctor/hooks.ts';
import { classifyHooks } from '../../../src/cli/doctor/classify-hooks.ts';
import { checkRepositories } from '../../../src/cli/doctor/repositories.ts';
import { serviceUrl, type WebhookCounts } from '../../../src/cli/doctor/service.ts';
import { checkToken } from '../../../src/cli/doctor/token.ts';
import { TryAgainLater } from '../../../src/errors.ts';
import { createDatabase } from '../../../src/db/database.ts';
import { migrate } from '../../../src/db/migrations.ts';
import { temporaryDirectory, testEnvironment } from '../../support/service.ts';

const never = new AbortController().signal;
const url = 'http://coordinator:8000/webhook/gitea';
const hook: GiteaHook = {
  id: 1,
  active: true,
  type: 'gitea',
  events: ['issues', 'issue_assign', 'issue_label', 'issue_milestone', 'issue_comment'],
  url,
  contentType: 'json',
  branchFilter: undefined,
  authorizationHeader: undefined,
};
const repository = {
  id: 2,
  name: 'acme/orbit',
  private: true,
  archived: false,
  hasIssues: true,
  dependencies: true,
  permissions: { admin: false, push: true, pull: true },
};

test.for([
  { given: url, other: `${url}/`, same: true },
  { given: url, other: 'http://COORDINATOR:8000/webhook/gitea', same: true },
  { given: url, other: `${url}?key=1`, same: false },
  { given: url, other: 'https://coordinator:8000/webhook/gitea', same: false },
  { given: url, other: 'nonsense', same: false },
])('$given and $other: same $same', ({ given, other, same }) => {
  expect(isSameUrl(given, other)).toBe(same);
});

test('a hook is recognised by host, or by the port, and its URL shown without secrets', () => {
  expect(isMeantForUs('http://coordinator:8000/hook', url, undefined)).toBe(true);
  expect(isMeantForUs('http://chat:8000/hook', url, 8000)).toBe(false);
  expect(isMeantForUs('http://chat:8000/hook', undefined, 8000)).toBe(true);
  expect(isMeantForUs('https://chat.test/hook', undefined, 443)).toBe(false);
  expect(isMeantForUs('nonsense', url, 8000)).toBe(false);
  expect(shownUrl('http://me:secret@host:1/path?key=secret#x')).toBe('http://host:1/path');
  expect(shownUrl('nonsense')).toBe('an invalid URL');
});

test('hooks to other places are counted, and never shown', () => {
  const chat = { ...hook, url: 'https://chat.test/hooks/very-secret-path' };
  const owned = { hook: chat, owner: 'acme/orbit' };
  const expected = { url: undefined, port: 8000 };
  const one = classifyHooks(
    { repository: 'acme/orbit', hooks: [owned], incomplete: false },
    expected,
  );
  expect(one).toMatchObject([{ mark: 'broken', name: 'hook acme/orbit' }]);
  expect(one[0]?.text).toBe('No webhook sends to /webhook/gitea. One sends elsewhere.');
  const hooks = [owned, owned];
  const two = classifyHooks({ repository: 'acme/orbit', hooks, incomplete: true }, expected);
  expect(two).toMatchObject([{ mark: 'warning' }]);
  expect(two[0]?.text).toMatch(/2 send elsewhere. The organisation may have one/);
  expect(JSON.stringify([one, two])).not.toContain('very-secret-path');
});

test('a public repository is checked when issues of the bot are there, not when others only wait for it', async () => {
  const permissions = { admin: false, push: false, pull: true };
  const gitea = {
    listRepositories: () => Promise.resolve({ repositories: [], count: 0 }),
    getRepository: (id: number | string) =>
      Promise.resolve({
        kind: 'ok' as const,
        value: { ...repository, id: Number(id), name: `maria/pub-${id}`, permissions },
      }),
  };
  const known = [
    { id: 8, name: 'maria/pub-8', assigned: false },
    { id: 9, name: 'maria/pub-9', assigned: true },
  ];
  const { findings } = await checkRepositories(
    { gitea, bot: 'bot', only: undefined, stored: known },
    never,
  );
  expect(findings.map(({ name }) => name)).toEqual(['repositories', 'repository maria/pub-9']);
});

test('hooks of two coordinators are not called the same event twice', () => {
  const other = { ...hook, id: 2, url: 'http://staging:8000/webhook/gitea' };
  const hooks = [hook, other].map((each) => ({ hook: each, owner: 'acme' }));
  const classified = { repository: 'acme/orbit', hooks, incomplete: false };
  const [finding] = classifyHooks(classified, { url: undefined, port: 8000 });
  expect(finding).toMatchObject({ mark: 'warning' });
  expect(finding?.text).toContain(`coordinators at ${url} and ${other.url}`);
  expect(finding?.cure).toContain(`--url ${url}`);
  expect(classifyHooks(classified, { url, port: 8000 })).toEqual([]);
});

test('what is wrong with the hook of an organisation is told once for all its repositories', async () => {
  const bot = {
    listHooks: (owner: object) =>
      Promise.resolve({
        kind: 'ok' as const,
        value: 'organization' in owner ? [{ ...hook, active: false }] : [],
      }),
  };
  const permissions = { admin: true, push: true, pull: true };
  const repositories = ['acme/orbit', 'acme/ledger'].map((name, id) => ({
    ...repository,
    id,
    name,
    permissions,
  }));
  const expected = { url, port: 8000 };
  const { findings } = await checkHooks({ admin: undefined, bot, repositories, expected }, never);
  expect(findings).toMatchObject([{ name: 'hook acme/orbit, acme/ledger', mark: 'broken' }]);
});

test('the hook of an organisation is mended there', () => {
  const owned = { hook: { ...hook, active: false }, owner: 'acme' };
  const classified = { repository: 'acme/orbit', hooks: [owned], incomplete: false };
  const [finding] = classifyHooks(classified, { url, port: 8000 });
  expect(finding?.cure).toContain(`setup --org acme --url ${url}`);
});

test('hooks are read with the token of the bot where it administers, and told of where nobody may', async () => {
  const refuse = () => Promise.reject(new TryAgainLater('gitea_auth', 'Refused.'));
  const admin = { ...repository, permissions: { ...repository.permissions, admin: true } };
  const expected = { url, port: 8000 };
  const bot = {
    listHooks: (owner: object) =>
      'repository' in owner ? Promise.resolve({ kind: 'ok' as const, value: [hook] }) : refuse(),
  };
  const own = { admin: undefined, bot, repositories: [admin], expected };
  expect((await checkHooks(own, never)).findings).toMatchObject([{ name: 'hooks', mark: 'ok' }]);
  const taken = { getTokenScopes: () => Promise.resolve(undefined) };
  const deaf = { ...taken, listHooks: refuse };
  const none = { admin: deaf, bot, repositories: [repository], expected };
  const { findings, value } = await checkHooks(none, never);
  expect(findings).toMatchObject([{ mark: 'hint' }]);
  expect(findings[0]?.cure).toContain('an administrator of it');
  expect(value).toEqual([]);
  const person = { ...taken, listHooks: () => Promise.resolve({ kind: 'missing' as const }) };
  const gone = { admin: person, bot, repositories: [repository], expected };
  expect((await checkHooks(gone, never)).findings).toMatchObject([{ mark: 'hint' }]);
  const wrong = { listHooks: refuse, getTokenScopes: refuse };
  const refused = { admin: wrong, bot, repositories: [repository], expected };
  const told = await checkHooks(refused, never);
  expect(told.findings).toMatchObject([{ mark: 'warning' }]);
  expect(told.findings[0]?.text).toContain('refuses the token of --token-file');
});

test('the database, as it may be found', async () => {
  const directory = temporaryDirectory();
  const path = join(directory, 'coordinator.db');
  const found = () => {
    const environment = testEnvironment(directory, { DATABASE_URL: `file:${path}` });
    return checkDatabase(examineConfig(environment)).findings[0];
  };
  writeFileSync(path, '');
  expect(found()?.text).toMatch(/next start migrates it/);
  // The look has made a database of it; so does a start that is ended before its first table.
  expect(found()?.text).toMatch(/next start migrates it/);
  const db = createDatabase(path);
  await migrate(db);
  await db.destroy();
  expect(found()?.text).toMatch(/journal WAL, synchronous FULL\); no service uses it\.$/);
  const other = new DatabaseSync(path);
  other.exec("insert into kysely_migration values ('999-to-come', '2030-01-01')");
  other.close();
  expect(found()).toMatchObject({ mark: 'broken' });
  expect(found()?.text).toMatch(/newer version/);
  const wrong = examineConfig(testEnvironment(directory, { DATABASE_URL: 'postgres://x' }));
  expect(checkDatabase(wrong).findings).toMatchObject([{ mark: 'skipped' }]);
});

test('no agent that is enabled is a warning', () => {
  const config = examineConfig(testEnvironment(temporaryDirectory()));
  const agents = (config.agents?.agents ?? []).map((agent) => ({ ...agent, enabled: false }));
  expect(agentsFinding({ ...config, agents: { asOf: undefined, agents } }, true)).toMatchObject({
    mark: 'warning',
    text: 'No agent is enabled (from AGENTS_FILE), so no issue can be assigned to an agent.',
  });
});

test.for([
  { scopes: undefined, mark: 'hint', text: /does not report the scopes/ },
  {
    scopes: ['write:issue', 'read:repository', 'read:user', 'public-only'],
    mark: 'warning',
    text: /public/,
  },
  { scopes: [], mark: 'broken', text: /its scopes: none/ },
])('scopes $scopes: $mark', async ({ scopes, mark, text }) => {
  const gitea = {
    getTokenScopes: () => Promise.resolve(scopes),
    getUser: () => Promise.resolve({ id: 6, login: 'coordinator-bot', isAdmin: false }),
  };
  const { findings } = await checkToken({ gitea, botUsername: undefined }, never);
  const found = findings.find(({ name }) => name === 'scopes');
  expect(found?.mark).toBe(mark);
  expect(found?.text).toMatch(text);
});

test('a bot that has to change its password is told so', async () => {
  const refusal = new TryAgainLater(
    'gitea_auth',
    'Gitea refused the token (403), saying "Change it".',
  );
  const gitea = {
    getTokenScopes: () => Promise.resolve(undefined),
    getUser: () => Promise.reject(refusal),
  };
  const { findings } = await checkToken({ gitea, botUsername: undefined }, never);
  expect(findings).toMatchObject([{ name: 'token', mark: 'broken', text: refusal.message }]);
  const away = new TryAgainLater('gitea_timeout', 'Gitea did not answer in time.');
  const late = { ...gitea, getTokenScopes: () => Promise.reject(away) };
  const endsAt = performance.now() + 10_000;
  const told = await check({ endsAt, signal: never }, { name: 'token' }, (signal) =>
    checkToken({ gitea: late, botUsername: undefined }, signal),
  );
  expect(told.findings).toMatchObject([{ name: 'token', mark: 'broken', text: away.message }]);
});

test.for([
  ['0.0.0.0', 8000, 'http://127.0.0.1:8000'],
  ['::', 8000, 'http://[::1]:8000'],
  ['coordinator', 80, 'http://coordinator:80'],
  ['127.0.0.1', 0, undefined],
  [undefined, 8000, undefined],
] as const)('the service of %s:%s is asked at %s', ([host, port, expected]) => {
  expect(serviceUrl(host, port)).toBe(expected);
});

test('a service that does not count, and one that refuses for other reasons', async () => {
  const counts: WebhookCounts = {
    accepted: 0,
    duplicate: 0,
    ignored: 0,
    rejected: 0,
    refusedSignature: 0,
    refusedContentType: 0,
    refusedOther: 0,
    lastAuthenticAt: null,
    lastRefusedAt: null,
  };
  const deps = {
    targets: [{ repository, hooks: undefined }],
    expected: { url, port: 8000 },
    pollMs: 1,
    patienceMs: 50,
  };
  const silent = await checkDelivery(
    { ...deps, probes: () => Promise.resolve([]), counts: () => Promise.resolve(undefined) },
    never,
  );
  expect(silent.findings).toMatchObject([{ name: 'delivery', mark: 'skipped' }]);
  let refusedOther = 0;
  const probe = {
    words: 'something was done',
    run: () => {
      refusedOther += 1;
      return Promise.resolve(true);
    },
  };
  const refusing = await checkDelivery(
    {
      ...deps,
      probes: () => Promise.resolve([probe]),
      counts: () => Promise.resolve({ ...counts, refusedOther }),
    },
    never,
  );
  expect(refusing.value).toBe(false);
  expect(refusing.findings[0]?.cure).toContain('HTTP Method of the webhook to POST');
  let refusedSignature = 0;
  const forged = { ...probe, run: () => Promise.resolve((refusedSignature += 1) > 0) };
  const ofOrganization = await checkDelivery(
    {
      ...deps,
      targets: [{ repository, hooks: [{ hook, owner: 'acme' }] }],
      probes: () => Promise.resolve([forged]),
      counts: () => Promise.resolve({ ...counts, refusedSignature }),
    },
    never,
  );
  expect(ofOrganization.findings[0]?.cure).toContain('setup --org acme');
});
