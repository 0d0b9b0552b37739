import { expect, test } from 'vitest';

import { giteaBot } from '../../fake-gitea/gitea.ts';
import { examine, examineJson, openClinic, webhookUrl, type Clinic } from '../../support/doctor.ts';

/** Lines are broken elsewhere where folders have other names: so none is. */
const wide = { columns: 1_000 };

/** Ports and folders differ from run to run. */
function withoutPlaces(text: string, { fake, service }: Clinic): string {
  return text
    .replaceAll(fake.url, 'GITEA')
    .replaceAll(service.url, 'COORDINATOR')
    .replaceAll(service.directory, 'DATA')
    .replace(/after \d+\.\d s/g, 'after 0.1 s');
}

test('a healthy set-up: every line is right, and so is the exit code', async () => {
  const clinic = await openClinic();
  const { code, text } = await examine(clinic, wide);
  expect(withoutPlaces(text, clinic)).toMatchInlineSnapshot(`
    "✔ configuration: Every variable is valid.
    ✔ database: DATA/coordinator.db is writable (journal WAL, synchronous FULL); a service uses it.
    ✔ agents: opus, sonnet, haiku (built in).
    ✔ gitea: Gitea 1.25.4 answers at GITEA.
    ✔ clock: Gitea and this machine have the same time.
    ✔ token: Gitea accepts it.
    ✔ scopes: write:issue, read:repository, read:user, and no more.
    ✔ bot: Issues assigned to coordinator-bot get a plan.
    ✔ repositories: acme/orbit: read, write, issues and dependencies.
    ✔ hooks: acme/orbit: one active webhook, JSON, all events.
    ✔ service: Version 0.1.0 runs at COORDINATOR.
    ✔ delivery acme/orbit: A delivery arrived after 0.1 s with a valid signature (triggered by removing the label bug from #7, which does not have it: a no-op for which Gitea still sends a webhook).
    ✔ polling: No webhook was missed: polling found no other change.
    i notify: Nobody is told outside of Gitea: NOTIFY_URL is not set.
    ✔ claude: Not used: ISSUE_READER is offline.

    ok: 1 hint, 14 ok
    "
  `);
  expect(code).toBe(0);
  expect(clinic.fake.labelsOf('acme/orbit#7')).toEqual([]);
});

test('a broken set-up: what is wrong, and what to do about it', async () => {
  const clinic = await openClinic();
  clinic.fake.hooks.clear();
  const url = webhookUrl(clinic.service);
  clinic.fake.addHook({ repository: 'acme/orbit', url, secret: 'another-secret-0123456789' });
  clinic.fake.repositories.set(3, { name: 'acme/vault', bot: 'read', issues: new Map() });
  clinic.environment['GITEA_TOKEN'] = clinic.fake.tokenOf(giteaBot, ['all']);
  clinic.environment['AGENTS_FILE'] = '/nowhere/agents.json';
  clinic.options['url'] = url;
  const { code, text } = await examine(clinic, wide);
  expect(withoutPlaces(text, clinic)).toMatchInlineSnapshot(`
    "✖ configuration: One problem; the service would not start.
        -> Correct these in the environment or in .env:
           - AGENTS_FILE names a file that cannot be read as UTF-8 text, or is larger than 1 MB
           See docs/setup.md.
    ✔ database: DATA/coordinator.db is writable (journal WAL, synchronous FULL); a service uses it.
    - agents: AGENTS_FILE is invalid; see configuration.
    ✔ gitea: Gitea 1.25.4 answers at GITEA.
    ✔ clock: Gitea and this machine have the same time.
    ✔ token: Gitea accepts it.
    ! scopes: The token has all rights of its user, and so has anybody who steals it.
        -> Sign in to Gitea as the bot, create a token in Settings > Applications with the scopes write:issue, read:repository, read:user, and set GITEA_TOKEN to it.
           See docs/setup.md.
    ✔ bot: Issues assigned to coordinator-bot get a plan.
    ✔ repositories: acme/orbit: read, write, issues and dependencies.
    ! repository acme/vault: coordinator-bot has no write access: it can comment, but not set labels, and it cannot be assigned.
        -> Add coordinator-bot in acme/vault > Settings > Collaborators, with write access.
           See docs/setup.md.
    ✔ hooks: acme/orbit: one active webhook, JSON, all events.
    ✖ hook acme/vault: No webhook sends to /webhook/gitea.
        -> Create it, or let setup list the steps:
               mosaic-coordinator setup --repo acme/vault --url COORDINATOR/webhook/gitea
           See docs/setup.md.
    ✔ service: Version 0.1.0 runs at COORDINATOR.
    ✖ delivery acme/orbit: The delivery was refused for its signature (401): the secret of the webhook is not GITEA_WEBHOOK_SECRET.
        -> Set Secret of the webhook in Gitea to the value of GITEA_WEBHOOK_SECRET, or run:
               mosaic-coordinator setup --repo acme/orbit --url COORDINATOR/webhook/gitea --new-secret
           See docs/setup.md.
    ✔ polling: No webhook was missed: polling found no other change.
    i notify: Nobody is told outside of Gitea: NOTIFY_URL is not set.
    ✔ claude: Not used: ISSUE_READER is offline.

    broken: 3 broken, 2 warnings, 1 hint, 1 skipped, 10 ok
    "
  `);
  expect(code).toBe(2);
});

test('every bad variable is told at once, and what can be checked without them is', async () => {
  const clinic = await openClinic();
  Object.assign(clinic.environment, {
    GITEA_WEBHOOK_SECRET: 'short',
    PORT: '99999',
    CONTEXT_ROTATE_AT: '0.5',
    AGENTS_FILE: '/nowhere/agents.json',
    GITEA_TOKEN_FILE: '/nowhere/token',
    GITEA_TOKEN: '',
  });
  const { code, findings } = await examineJson(clinic);
  expect(code).toBe(2);
  const [configuration] = findings;
  expect(configuration?.text).toContain('5 problems');
  for (const variable of [
    'GITEA_TOKEN_FILE names',
    'GITEA_WEBHOOK_SECRET must',
    'PORT must',
    'AGENTS_FILE names',
    'CONTEXT_ROTATE_AT must',
  ])
    expect(configuration?.cure).toContain(`- ${variable}`);
  const marks = Object.fromEntries(findings.map(({ name, mark }) => [name, mark]));
  expect(marks).toMatchObject({
    database: 'ok',
    agents: 'skipped',
    gitea: 'ok',
    token: 'skipped',
    repositories: 'skipped',
    hooks: 'skipped',
    service: 'skipped',
    claude: 'ok',
  });
});

test('a running service is not disturbed: what it stores goes on while the doctor looks', async () => {
  const clinic = await openClinic();
  const looks = Promise.all([examineJson(clinic), examineJson(clinic), examineJson(clinic)]);
  for (let count = 0; count < 20; count += 1)
    clinic.fake.as('maria').editIssue('acme/orbit#7', { body: `Text ${count}` });
  const codes = (await looks).map(({ code }) => code);
  await clinic.fake.settled();
  expect(codes).toEqual([0, 0, 0]);
  expect(clinic.fake.delivered.every(({ status }) => status === 200)).toBe(true);
});
