import { expect, test } from 'vitest';

import { checkHooks } from '../../../src/cli/doctor/hooks.ts';
import { TokenRefused } from '../../../src/gitea/transport.ts';
import { issueEvents, pullEvents } from '../../fake-gitea/webhooks.ts';
import { changeHook, webhookUrl } from '../../support/doctor.ts';
import { testCases } from './cases.ts';
import { events, never, hook, repository, url } from './samples.ts';

testCases([
  {
    what: 'the hook is not active',
    breakIt: (clinic) => changeHook(clinic, { url: webhookUrl(clinic.service), active: false }),
    code: 2,
    name: 'hook acme/orbit',
    text: /is not active/,
    cure: /tick Active/,
  },
  {
    what: 'the hook sends forms',
    breakIt: (clinic) =>
      changeHook(clinic, { url: webhookUrl(clinic.service), contentType: 'form' }),
    code: 2,
    name: 'hook acme/orbit',
    text: /forms instead of JSON/,
    cure: /POST Content Type to application\/json/,
  },
  {
    what: 'an event is missing',
    breakIt: (clinic) =>
      changeHook(clinic, {
        url: webhookUrl(clinic.service),
        events: [...issueEvents, ...pullEvents].filter((event) => event !== 'issue_assign'),
      }),
    code: 2,
    name: 'hook acme/orbit',
    text: /does not send: Issue Assigned/,
    cure: /Custom Events and tick Issue Assigned/,
  },
  {
    what: 'the path of the URL is wrong',
    breakIt: (clinic) =>
      changeHook(clinic, { url: `${clinic.service.url}/webhook?key=0123456789abcdef` }),
    code: 2,
    name: 'hook acme/orbit',
    text: /sends to http:\/\/127\.0\.0\.1:\d+\/webhook instead of/,
    cure: /Target URL to http:\/\/127\.0\.0\.1:\d+\/webhook\/gitea/,
  },
  {
    what: 'the host of the URL is wrong',
    breakIt: (clinic) => {
      changeHook(clinic, { url: 'http://elsewhere.test:8000/webhook/gitea' });
      clinic.options['url'] = webhookUrl(clinic.service);
    },
    code: 2,
    name: 'hook acme/orbit',
    text: /sends to http:\/\/elsewhere\.test:8000\/webhook\/gitea instead of/,
    cure: /Target URL/,
  },
  {
    what: 'the hook is of another type',
    breakIt: (clinic) => changeHook(clinic, { url: webhookUrl(clinic.service), type: 'slack' }),
    code: 2,
    name: 'hook acme/orbit',
    text: /type slack/,
    cure: /one of the type Gitea/,
  },
  {
    what: 'there is no hook',
    breakIt: ({ fake }) => fake.hooks.clear(),
    code: 2,
    name: 'hook acme/orbit',
    text: /No webhook sends to \/webhook\/gitea/,
    cure: /mosaic-coordinator setup --repo acme\/orbit --url/,
  },
  {
    what: 'the repository and its organisation both have a hook',
    breakIt: ({ fake, service }) => void fake.addHook({ url: webhookUrl(service) }),
    code: 1,
    name: 'hook acme/orbit',
    text: /2 webhooks send here: those of acme\/orbit \(1\), acme \(2\)/,
    cure: /Delete all but one/,
  },
  {
    what: 'the hooks cannot be looked at, which is no fault',
    breakIt: ({ options }) => delete options['tokenFile'],
    code: 0,
    name: 'hooks',
    text: /were not checked/,
    cure: /--token-file FILE/,
  },
]);

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
  const expected = { url, port: 8000, events };
  const { findings } = await checkHooks({ admin: undefined, bot, repositories, expected }, never);
  expect(findings).toMatchObject([{ name: 'hook acme/orbit, acme/ledger', mark: 'broken' }]);
});

test('hooks are read with the token of the bot where it administers, and told of where nobody may', async () => {
  const refuse = () => Promise.reject(new TokenRefused(403, 'Refused.'));
  const admin = { ...repository, permissions: { ...repository.permissions, admin: true } };
  const expected = { url, port: 8000, events };
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
