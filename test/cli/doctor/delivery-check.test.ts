import { expect, test } from 'vitest';

import { checkDelivery } from '../../../src/cli/doctor/delivery-check.ts';
import type { WebhookCounts } from '../../../src/cli/doctor/service.ts';
import { issueEvents, pullEvents, statusEvent } from '../../fake-gitea/webhooks.ts';
import { changeHook, examineJson, openClinic, webhookUrl } from '../../support/doctor.ts';
import { testCases } from './cases.ts';
import { events, never, hook, repository, url } from './samples.ts';

testCases([
  {
    what: 'the hook has another secret',
    breakIt: (clinic) =>
      changeHook(clinic, { url: webhookUrl(clinic.service), secret: 'another-secret-0123456789' }),
    code: 2,
    name: 'delivery acme/orbit',
    text: /refused for its signature .*secret of the webhook is not GITEA_WEBHOOK_SECRET/,
    cure: /setup --repo acme\/orbit .*--new-secret/,
  },
  {
    what: 'the hook sends forms, which only the delivery shows',
    breakIt: (clinic) => {
      changeHook(clinic, { url: webhookUrl(clinic.service), contentType: 'form' });
      delete clinic.options['tokenFile'];
    },
    code: 2,
    name: 'delivery acme/orbit',
    text: /refused \(415\): the webhook sends forms/,
    cure: /application\/json/,
  },
  {
    what: 'Gitea may not call this machine',
    breakIt: ({ fake }) => fake.mute(true),
    code: 2,
    name: 'delivery acme/orbit',
    text: /No delivery arrived, although the webhook exists.*ALLOWED_HOST_LIST/,
    cure: /\[webhook\]\n {4}ALLOWED_HOST_LIST = external, loopback/,
  },
  {
    what: 'nothing arrives, and the hook cannot be looked at',
    breakIt: ({ fake, options }) => {
      fake.mute(true);
      delete options['tokenFile'];
    },
    code: 2,
    name: 'delivery acme/orbit',
    text: /webhook is missing, not active, does not send label events, or sends elsewhere/,
    cure: /--token-file[\s\S]*ALLOWED_HOST_LIST = external, COORDINATOR/,
  },
  {
    what: 'nothing is to be provoked, and nothing came',
    breakIt: ({ options }) => void (options['probe'] = false),
    code: 0,
    name: 'delivery',
    text: /none has arrived since the start/,
  },
  {
    what: 'nothing is to be provoked, and something came before',
    breakIt: async ({ options, fake }) => {
      fake.as('maria').editIssue('acme/orbit#7', { title: 'Told' });
      await fake.settled();
      options['probe'] = false;
    },
    code: 0,
    name: 'delivery',
    text: /last one arrived at 20\S+Z with a valid signature/,
  },
  {
    what: 'nothing is to be provoked, and what came was refused',
    breakIt: async (clinic) => {
      changeHook(clinic, { url: webhookUrl(clinic.service), secret: 'another-secret-0123456789' });
      clinic.fake.as('maria').editIssue('acme/orbit#7', { title: 'Told' });
      await clinic.fake.settled();
      clinic.options['probe'] = false;
    },
    code: 1,
    name: 'delivery',
    text: /last one that arrived was refused, at 20\S+Z \(invalid signatures since the start: 1\)/,
    cure: /Compare the secret/,
  },
]);

test('a test delivery is asked for where the hook sends pushes, and nothing else is done', async () => {
  const clinic = await openClinic();
  changeHook(clinic, {
    url: webhookUrl(clinic.service),
    events: [...issueEvents, ...pullEvents, statusEvent, 'push'],
  });
  clinic.options['probe'] = false;
  const { code, findings } = await examineJson(clinic);
  expect(code).toBe(0);
  expect(findings.find(({ name }) => name === 'delivery acme/orbit')?.text).toMatch(
    /valid signature \(triggered by a test delivery of Gitea\)/,
  );
  expect(clinic.fake.writes.map(({ method, path }) => `${method} ${path}`)).toEqual([
    'POST /repos/acme/orbit/hooks/2/tests',
  ]);
});

test('of two hooks one has another secret: both are told of', async () => {
  const clinic = await openClinic();
  const url = webhookUrl(clinic.service);
  clinic.fake.addHook({ url, secret: 'another-secret-0123456789' });
  const { findings } = await examineJson(clinic);
  expect(findings.find(({ name }) => name === 'delivery acme/orbit')?.text).toMatch(
    /One delivery was accepted, but another was refused for its signature/,
  );
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
    expected: { url, port: 8000, events },
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
