import { expect, test } from 'vitest';

import { check } from '../../../src/cli/doctor/check.ts';
import { checkToken } from '../../../src/cli/doctor/token.ts';
import { TryAgainLater } from '../../../src/errors.ts';
import { TokenRefused } from '../../../src/gitea/transport.ts';
import { giteaBot, type FakeGitea } from '../../fake-gitea/gitea.ts';
import { testCases } from './cases.ts';
import { never } from './samples.ts';

/** As 7.0.0 answers where a scope is missing that the coordinator does not need. */
function refuseScopesLikeForgejo(fake: FakeGitea): void {
  const message = 'token does not have at least one of required scope(s): [read:notification]';
  fake.breakWith(
    (response) => {
      response.writeHead(403, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ message }));
    },
    (_method, url) => url.endsWith('/notifications/new'),
  );
}

/** Statuses and pull requests are written. */
const verifying = { VERIFIERS: '1', PUBLISH: 'labels' };

testCases([
  {
    what: 'the token is none',
    breakIt: ({ environment }) => void (environment['GITEA_TOKEN'] = 'not-a-token-of-this-gitea'),
    code: 2,
    name: 'token',
    text: /refused the token \(401\)/,
    cure: /write:issue, read:repository, read:user/,
  },
  {
    what: 'the token lacks a scope',
    breakIt: ({ environment, fake }) =>
      void (environment['GITEA_TOKEN'] = fake.tokenOf(giteaBot, [
        'read:issue',
        'read:repository',
        'read:user',
      ])),
    code: 2,
    name: 'scopes',
    text: /lacks write:issue; its scopes: read:issue/,
    cure: /create a token/,
  },
  {
    what: 'the token does not tell whose it is',
    breakIt: ({ environment, fake }) =>
      void (environment['GITEA_TOKEN'] = fake.tokenOf(giteaBot, [
        'write:issue',
        'read:repository',
      ])),
    code: 2,
    name: 'scopes',
    text: /lacks read:user/,
    cure: /create a token/,
  },
  {
    what: 'the token may do more than is needed',
    breakIt: ({ environment, fake }) =>
      void (environment['GITEA_TOKEN'] = fake.tokenOf(giteaBot, [
        'write:issue',
        'write:repository',
        'read:user',
      ])),
    code: 1,
    name: 'scopes',
    text: /not needed: write:repository/,
    cure: /create a token/,
  },
  {
    what: 'commits are verified, and the token may not write statuses',
    breakIt: ({ environment }) => void Object.assign(environment, verifying),
    code: 1,
    name: 'scopes',
    text: /lacks write:repository: Gitea refuses the statuses/,
    cure: /write:issue, write:repository, read:user/,
  },
  {
    what: 'commits are verified, and the token may write statuses',
    breakIt: ({ environment, fake }) => {
      Object.assign(environment, verifying);
      environment['GITEA_TOKEN'] = fake.tokenOf(giteaBot, [
        ...['write:issue', 'write:repository', 'read:user'],
      ]);
    },
    code: 0,
    name: 'scopes',
    text: /^write:issue, write:repository, read:user, and no more/,
  },
  {
    what: 'Forgejo, which does not say which scopes a token has, grants those that are needed',
    breakIt: ({ fake }) => refuseScopesLikeForgejo(fake),
    code: 0,
    name: 'scopes',
    text: /^write:issue, read:repository, read:user are granted/,
  },
  {
    what: 'Forgejo refuses a scope that is needed',
    breakIt: ({ environment, fake }) => {
      refuseScopesLikeForgejo(fake);
      environment['GITEA_TOKEN'] = fake.tokenOf(giteaBot, [
        'read:issue',
        'read:repository',
        'read:user',
      ]);
    },
    code: 2,
    name: 'scopes',
    text: /lacks write:issue: this server refuses/,
    cure: /create a token/,
  },
  {
    what: 'the bot is another user',
    breakIt: ({ environment }) => void (environment['GITEA_BOT_USERNAME'] = 'tom'),
    code: 2,
    name: 'bot',
    text: /GITEA_BOT_USERNAME is tom, but the token belongs to coordinator-bot/,
    cure: /Unset GITEA_BOT_USERNAME/,
  },
  {
    what: 'the bot administers Gitea',
    breakIt: ({ environment, fake }) =>
      void (environment['GITEA_TOKEN'] = fake.tokenOf('root1', [
        'write:issue',
        'read:repository',
        'read:user',
      ])),
    code: 1,
    name: 'bot',
    text: /root1 is a site administrator of Gitea/,
    cure: /ordinary account/,
  },
  {
    what: 'there is no token, which is allowed',
    breakIt: ({ environment }) => delete environment['GITEA_TOKEN'],
    code: 0,
    name: 'token',
    text: /GITEA_TOKEN is not set/,
    cure: /create a token/,
  },
]);

test.for([
  { scopes: undefined, mark: 'hint', text: /are granted\. This server does not report/ },
  {
    scopes: ['write:issue', 'read:repository', 'read:user', 'public-only'],
    mark: 'warning',
    text: /public/,
  },
  { scopes: [], mark: 'broken', text: /its scopes: none/ },
])('scopes $scopes: $mark', async ({ scopes, mark, text }) => {
  const gitea = {
    findRefusedScopes: () => Promise.resolve([]),
    getTokenScopes: () => Promise.resolve(scopes),
    getUser: () => Promise.resolve({ id: 6, login: 'coordinator-bot', isAdmin: false }),
  };
  const { findings } = await checkToken({ gitea, botUsername: undefined, verifies: false }, never);
  const found = findings.find(({ name }) => name === 'scopes');
  expect(found?.mark).toBe(mark);
  expect(found?.text).toMatch(text);
});

test('a bot that has to change its password is told so', async () => {
  const refusal = new TokenRefused(403, 'Gitea refused the token (403), saying "Change it".');
  const gitea = {
    findRefusedScopes: () => Promise.resolve([]),
    getTokenScopes: () => Promise.resolve(undefined),
    getUser: () => Promise.reject(refusal),
  };
  const { findings } = await checkToken({ gitea, botUsername: undefined, verifies: false }, never);
  expect(findings).toMatchObject([{ name: 'token', mark: 'broken', text: refusal.message }]);
  const away = new TryAgainLater('gitea_timeout', 'Gitea did not answer in time.');
  const late = { ...gitea, getTokenScopes: () => Promise.reject(away) };
  const endsAt = performance.now() + 10_000;
  const told = await check({ endsAt, signal: never }, { name: 'token' }, (signal) =>
    checkToken({ gitea: late, botUsername: undefined, verifies: false }, signal),
  );
  expect(told.findings).toMatchObject([{ name: 'token', mark: 'broken', text: away.message }]);
});
