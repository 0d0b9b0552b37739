import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { runCommandLine } from '../../../src/cli/command-line.ts';
import type { Environment } from '../../../src/config.ts';
import { statusLabels } from '../../../src/publish/status-label.ts';
import { giteaToken, startGitea } from '../../fake-gitea/gitea.ts';
import type { GiteaRule } from '../../fake-gitea/world/types.ts';
import { pullEvents, statusEvent } from '../../fake-gitea/webhooks.ts';
import { recordedSecret } from '../../support/recordings.ts';
import { temporaryDirectory, testEnvironment } from '../../support/service.ts';

const url = 'http://coordinator:8000/webhook/gitea';

/** A Gitea with one repository, and the command line before it. */
async function stage(env: Environment = {}) {
  const fake = await startGitea();
  fake.repositories.set(2, { name: 'acme/orbit', issues: new Map() });
  const directory = temporaryDirectory();
  const tokenFile = join(directory, 'maria.token');
  writeFileSync(tokenFile, `${fake.tokenOf('maria')}\n`);
  const environment = testEnvironment(directory, {
    ...{ GITEA_URL: fake.url, GITEA_TOKEN: giteaToken },
    ...env,
  });
  async function run(...args: readonly string[]) {
    let out = '';
    let err = '';
    const code = await runCommandLine(['setup', '--url', url, ...args], {
      stdout: { write: (text) => (out += text) },
      stderr: { write: (text) => (err += text) },
      environment: () => environment,
    });
    return { code, out: out.replaceAll(fake.url, 'GITEA'), err };
  }
  const setup = (...args: readonly string[]) =>
    run('--repo', 'acme/orbit', '--token-file', tokenFile, ...args);
  return { fake, environment, tokenFile, run, setup };
}

test('the hook and the labels are made; once more there is nothing to do', async () => {
  const { fake, setup } = await stage();
  const first = await setup();
  expect(first).toMatchObject({ code: 0, err: '' });
  expect(first.out).toMatchInlineSnapshot(`
    "Created webhook 1 of acme/orbit: http://coordinator:8000/webhook/gitea, JSON, active, issues_only, issue_assign, issue_label, issue_milestone, issue_comment, pull_request_only, pull_request_sync, pull_request_review, status, secret from GITEA_WEBHOOK_SECRET.
    Created the labels coordinator/ready, coordinator/blocked, coordinator/oversized, coordinator/needs_human, coordinator/in_progress, coordinator/in_review, coordinator/done, coordinator/received, agent:opus, agent:sonnet, agent:haiku, blocked, on hold.
    No statuses were sent: there is no commit yet. Run setup again after the first push.
    "
  `);
  expect([...fake.hooks.values()]).toEqual([
    {
      id: 1,
      owner: { repositoryId: 2 },
      type: 'gitea',
      active: true,
      events: [
        'issues',
        'issue_assign',
        'issue_label',
        'issue_milestone',
        'issue_comment',
        ...pullEvents,
        statusEvent,
      ],
      url,
      contentType: 'json',
      secret: recordedSecret,
    },
  ]);
  const labels = fake.repositories.get(2)?.labels ?? [];
  expect(
    labels.map(({ name, color, exclusive }) => ({ name, color: `#${color}`, exclusive })),
  ).toEqual([
    ...statusLabels.map(({ name, color }) => ({ name, color, exclusive: true })),
    ...['opus', 'sonnet', 'haiku'].map((agent) => ({
      ...{ name: `agent:${agent}`, color: '#c5def5', exclusive: false },
    })),
    ...['blocked', 'on hold'].map((name) => ({ name, color: '#e99695', exclusive: false })),
  ]);
  const writes = fake.writes.length;
  const second = await setup();
  expect(second.code).toBe(0);
  expect(second.out).toMatchInlineSnapshot(`
    "Webhook 1 of acme/orbit is right: nothing to do.
    Its secret cannot be read or changed: if it is not GITEA_WEBHOOK_SECRET, replace the webhook with --new-secret.
    All labels exist: nothing to do.
    No statuses were sent: there is no commit yet. Run setup again after the first push.
    "
  `);
  expect(fake.writes.length).toBe(writes);
});

test('a hook that is there is changed only where it differs, and keeps its other events', async () => {
  const { fake, setup } = await stage();
  const events = ['issues', 'push', 'repository'];
  fake.addHook({ repository: 'acme/orbit', url, active: false, contentType: 'form', events });
  const { code, out } = await setup();
  expect(code).toBe(0);
  expect(out).toContain(
    'Changed webhook 1 of acme/orbit: active, JSON, issue_assign, issue_label, issue_milestone, issue_comment, pull_request_only, pull_request_sync, pull_request_review, status.',
  );
  expect(fake.writes[0]).toMatchObject({
    method: 'PATCH',
    body: {
      active: true,
      events: [
        'issues_only',
        'issue_assign',
        'issue_label',
        'issue_milestone',
        'issue_comment',
        'pull_request_only',
        'pull_request_sync',
        'pull_request_review',
        'status',
        'push',
        'repository',
      ],
      config: { url, content_type: 'json' },
    },
  });
  expect((await setup()).out).toContain('is right: nothing to do');
});

test('a new secret makes the hook anew before the old one goes', async () => {
  const { fake, setup } = await stage();
  fake.addHook({ repository: 'acme/orbit', url, secret: 'another-secret-0123456789' });
  const { code, out } = await setup('--new-secret');
  expect(code).toBe(0);
  expect(out).toContain('Deleted webhook 1, which had the old secret.');
  expect([...fake.hooks.values()]).toMatchObject([{ id: 2, secret: recordedSecret }]);
});

test('a hook of another type is left alone until it is to be made anew', async () => {
  const { fake, setup } = await stage();
  fake.addHook({ repository: 'acme/orbit', url, type: 'slack' });
  expect(await setup()).toMatchObject({ code: 1 });
  expect(fake.hooks.get(1)?.type).toBe('slack');
  expect(await setup('--new-secret')).toMatchObject({ code: 0 });
  expect([...fake.hooks.values()]).toMatchObject([{ id: 2, type: 'gitea' }]);
});

test('a dry run says everything and does nothing', async () => {
  const { fake, setup, run, tokenFile } = await stage();
  expect((await setup('--dry-run')).out).toMatchInlineSnapshot(`
    "Would create a webhook of acme/orbit: http://coordinator:8000/webhook/gitea, JSON, active, issues_only, issue_assign, issue_label, issue_milestone, issue_comment, pull_request_only, pull_request_sync, pull_request_review, status, secret from GITEA_WEBHOOK_SECRET.
    Would create the labels coordinator/ready, coordinator/blocked, coordinator/oversized, coordinator/needs_human, coordinator/in_progress, coordinator/in_review, coordinator/done, coordinator/received, agent:opus, agent:sonnet, agent:haiku, blocked, on hold.
    No statuses were sent: there is no commit yet. Run setup again after the first push.
    "
  `);
  fake.addHook({ repository: 'acme/orbit', url, active: false });
  expect((await setup('--dry-run')).out).toContain('Would change webhook 1 of acme/orbit: active.');
  expect((await setup('--dry-run', '--new-secret')).out).toContain('Would then delete webhook 1.');
  expect((await run('--org', 'acme', '--token-file', tokenFile, '--dry-run')).out).toContain(
    'Would create a webhook of the organisation acme',
  );
  expect(fake.writes).toEqual([]);
});

test('a token that Gitea does not know is not taken for one without the right', async () => {
  const { run } = await stage();
  const tokenFile = join(temporaryDirectory(), 'token');
  writeFileSync(tokenFile, 'not-a-token-of-this-gitea');
  const { code, out } = await run('--org', 'acme', '--token-file', tokenFile);
  expect(code).toBe(1);
  expect(out).toContain('Gitea does not know this token (401): correct --token-file');
  expect(out).not.toContain('Open ');
});

test('without the right to it, what to click is printed in order, and never the secret', async () => {
  const { fake, run } = await stage();
  const { code, out } = await run('--repo', 'acme/orbit');
  expect(code).toBe(1);
  expect(out).toMatchInlineSnapshot(`
    "The webhook of acme/orbit is not set up: This token has no right to read its webhooks.
    An administrator there can create it by hand (see docs/setup.md):
      1. Open GITEA/acme/orbit/settings/hooks/gitea/new
      2. Target URL: http://coordinator:8000/webhook/gitea
      3. HTTP Method: POST
      4. POST Content Type: application/json
      5. Secret: the value of GITEA_WEBHOOK_SECRET
      6. Trigger On: Custom Events, and tick Issues, Issue Assigned, Issue Labeled, Issue Milestoned, Issue Comment, Pull Request, Pull Request Synchronized, Pull Request Reviewed, Statuses
      7. Tick Active, and click Add Webhook
    Or run this again with that person's token in a file: --token-file FILE.
    Created the labels coordinator/ready, coordinator/blocked, coordinator/oversized, coordinator/needs_human, coordinator/in_progress, coordinator/in_review, coordinator/done, coordinator/received, agent:opus, agent:sonnet, agent:haiku, blocked, on hold.
    No statuses were sent: there is no commit yet. Run setup again after the first push.
    "
  `);
  expect(out).not.toContain(recordedSecret);
  expect(fake.hooks.size).toBe(0);
  expect(fake.repositories.get(2)?.labels).toHaveLength(statusLabels.length + 5);
  expect((await run('--org', 'acme')).out).toContain(
    'Open GITEA/org/acme/settings/hooks/gitea/new',
  );
});

test('an organisation gets one hook, and its repositories then need none', async () => {
  const { fake, run, setup, tokenFile } = await stage();
  expect(await run('--org', 'acme', '--token-file', tokenFile)).toMatchObject({ code: 0 });
  expect([...fake.hooks.values()]).toMatchObject([{ owner: { organization: 'acme' } }]);
  const { code, out } = await setup();
  expect(code).toBe(0);
  expect(out).toContain(
    'Webhook 1 of the organisation acme already serves acme/orbit: nothing to do.',
  );
  expect(fake.hooks.size).toBe(1);
  const again = await setup('--new-secret');
  expect(again.code).toBe(1);
  expect(again.out).toContain(
    'its secret was not changed. To replace it, run setup with --org acme',
  );
  fake.addHook({ repository: 'acme/orbit', url });
  expect((await setup()).out).toContain('Webhook 2 of acme/orbit sends there, too: delete it');
  fake.hooks.clear();
  fake.addHook({ url, active: false });
  const faulty = await setup();
  expect(faulty.code).toBe(1);
  expect(faulty.out).toContain(
    'but has wrong settings: run setup with --org acme instead of --repo',
  );
  expect(fake.hooks.size).toBe(1);
});

test.each([[], ['--new-secret']])(
  'what else a hook was given stays: the header that a proxy asks for, the branches (%j)',
  async (...args) => {
    const { fake, setup } = await stage();
    const given = { authorizationHeader: 'Basic proxy-secret', branchFilter: 'main' };
    const events = ['push', 'issues'];
    fake.addHook({ repository: 'acme/orbit', url, active: false, events, ...given });
    const { code, out } = await setup(...args);
    expect(code).toBe(0);
    expect(out).not.toContain('proxy-secret');
    const [hook, ...others] = [...fake.hooks.values()];
    expect(others).toEqual([]);
    expect(hook).toMatchObject({ active: true, ...given });
    expect(hook?.events).toContain('push');
  },
);

test('hooks on other addresses and second ones are told of', async () => {
  const { fake, setup } = await stage();
  fake.addHook({ repository: 'acme/orbit', url: 'http://old:8000/webhook/gitea' });
  fake.addHook({ repository: 'acme/orbit', url });
  fake.addHook({ repository: 'acme/orbit', url });
  const { out } = await setup();
  expect(out).toContain('2 webhooks have this URL: delete 3');
  expect(out).toContain('Webhook 1 sends to http://old:8000/webhook/gitea: delete it if');
});

test('labels of agents follow the enabled profiles, and one that exists stays as it is', async () => {
  const { fake, setup } = await stage();
  const own = { color: '123456', description: 'Ours', exclusive: false };
  const labels = [
    { ...own, id: 5, name: 'agent:opus' },
    // It holds an issue as well, but the comment names another one.
    { ...own, id: 6, name: 'Status/Blocked' },
  ];
  fake.repositories.set(2, { name: 'acme/orbit', issues: new Map(), labels });
  expect((await setup()).out).toContain(
    'coordinator/received, agent:sonnet, agent:haiku, blocked, on hold.',
  );
  expect(fake.repositories.get(2)?.labels?.filter(({ id }) => id === 5)).toEqual([
    { ...own, id: 5, name: 'agent:opus' },
  ]);
  const file = join(temporaryDirectory(), 'agents.json');
  writeFileSync(file, JSON.stringify({ agents: [agent('mine', true), agent('resting', false)] }));
  const other = await stage({ AGENTS_FILE: file, HOLD_LABELS: 'none' });
  expect((await other.setup('--dry-run')).out).toContain('coordinator/received, agent:mine.\n');
});

function agent(name: string, enabled: boolean) {
  return {
    ...{ name, enabled, contextWindow: 200_000, inputPrice: 1, outputPrice: 2 },
    ...{ difficulties: ['low'], concurrency: 1 },
  };
}

test('labels that a repository has otherwise, or may not get, are told of', async () => {
  const { fake, setup, run, environment } = await stage();
  const present = { color: '0e8a16', description: '', exclusive: false };
  const labels = [{ ...present, id: 5, name: 'coordinator/ready' }];
  fake.repositories.set(2, { name: 'acme/orbit', issues: new Map(), labels });
  const { code, out } = await setup();
  expect(code).toBe(1);
  expect(out).toContain('Label coordinator/ready is not exclusive: tick Exclusive');
  fake.repositories.set(2, { name: 'acme/orbit', issues: new Map(), bot: 'read' });
  const reader = await run('--repo', 'acme/orbit');
  expect(reader.out).toMatch(
    /Gitea did not create the label coordinator\/\w+ \(user should have a permission to write to a repo\)/,
  );
  fake.repositories.set(2, { name: 'acme/orbit', issues: new Map(), hidden: true });
  expect((await run('--repo', 'acme/orbit')).out).toContain(
    'No labels were created: acme/orbit does not exist',
  );
  Object.assign(environment, { GITEA_TOKEN: 'not-a-token-of-this-gitea' });
  expect((await run('--repo', 'acme/orbit')).out).toContain(
    'No labels were created: Gitea refused',
  );
});

test('what is not there is told', async () => {
  const { run, tokenFile } = await stage();
  const { code, out } = await run('--repo', 'acme/nowhere', '--token-file', tokenFile);
  expect(code).toBe(1);
  expect(out).toContain('acme/nowhere does not exist, or this token has no access to it');
});

test.for([
  { args: [], error: 'Give either --repo owner/name or --org name' },
  { args: ['--repo', 'acme/orbit', '--org', 'acme'], error: 'Give either --repo' },
  { args: ['--repo', '../x/y'], error: '--repo must be owner/name' },
  { args: ['--org', 'a/b'], error: '--org must be the name of an organisation' },
  { args: ['--org', 'acme', '--url', 'http://x/hook'], error: 'ending in /webhook/gitea' },
  { args: ['--org', 'acme', '--url', 'http://a:b@x/webhook/gitea'], error: '--url must be' },
  { args: ['--org', 'acme', '--token-file', '/nowhere'], error: 'Cannot read /nowhere' },
])('a wrong command line is told: $error', async ({ args, error }) => {
  const { run } = await stage();
  const { code, err } = await run(...args);
  expect(err).toContain(error);
  expect(code).toBe(2);
});

test('without any token there is nobody to act as', async () => {
  const { run, environment, tokenFile } = await stage();
  Object.assign(environment, { GITEA_TOKEN: '' });
  expect((await run('--org', 'acme')).err).toContain('Use --token-file FILE, or set GITEA_TOKEN.');
  writeFileSync(tokenFile, 'two words');
  expect((await run('--org', 'acme', '--token-file', tokenFile)).err).toContain(
    '--token-file must contain a token of Gitea and nothing else',
  );
});

const commit = '1'.repeat(40);

/** The repository with a commit. */
function withCommit(fake: Awaited<ReturnType<typeof stage>>['fake']) {
  const repository = {
    ...{ name: 'acme/orbit', issues: new Map(), head: commit },
    commits: new Map([[commit, {}]]),
  };
  fake.repositories.set(2, repository);
  return () => fake.repositories.get(2);
}

function withRules(fake: Awaited<ReturnType<typeof stage>>['fake'], rules: GiteaRule[]): void {
  const repository = fake.repositories.get(2);
  if (repository !== undefined) repository.rules = rules;
}

test('a pending status of each gate is sent once, and a rule can require the verdict', async () => {
  const { fake, setup } = await stage();
  const repository = withCommit(fake);
  const first = await setup();
  expect(first).toMatchObject({ code: 0, err: '' });
  expect(first.out).toContain(
    'Sent a pending status of coordinator/build, coordinator/lint, coordinator/test, coordinator/coverage, coordinator/integrity, coordinator/verdict.',
  );
  expect(first.out).toContain('open GITEA/acme/orbit/settings/branches, edit the rule of main');
  expect(
    repository()
      ?.statuses?.get(commit)
      ?.map(({ state }) => state),
  ).toEqual(Array.from({ length: 6 }, () => 'pending'));
  expect(repository()?.rules).toBeUndefined();
  const dry = await setup('--require-verdict', '--dry-run');
  expect(dry.out).toContain('Would require coordinator/verdict on main.');
  const second = await setup('--require-verdict');
  expect(second).toMatchObject({ code: 0, err: '' });
  expect(second.out).toContain('All statuses were sent before: nothing to do.');
  expect(second.out).toContain('main requires coordinator/verdict from now on.');
  const rule = { rule_name: 'main', enable_push: true, enable_status_check: true };
  expect(repository()?.rules).toEqual([
    { ...rule, status_check_contexts: ['coordinator/verdict'] },
  ]);
  expect((await setup('--require-verdict')).out).toContain('nothing to do');
  expect(repository()?.statuses?.get(commit)).toHaveLength(6);
});

test('a rule that is there keeps what it requires; one with a pattern is left to people', async () => {
  const { fake, setup } = await stage();
  const repository = withCommit(fake);
  const rule = { rule_name: 'main', enable_push: false, enable_status_check: true };
  const before = { ...rule, status_check_contexts: ['ci/build'] };
  withRules(fake, [before]);
  expect((await setup('--require-verdict')).code).toBe(0);
  const contexts = ['ci/build', 'coordinator/verdict'];
  expect(repository()?.rules).toEqual([{ ...rule, status_check_contexts: contexts }]);
  withRules(fake, [{ ...before, rule_name: 'm*' }]);
  const left = await setup('--require-verdict');
  expect(left.code).toBe(1);
  expect(left.out).toContain('A rule with a pattern may protect main.');
});

test('a token without the right says what is left to do', async () => {
  const { fake, run } = await stage();
  withCommit(fake);
  const { code, out } = await run('--repo', 'acme/orbit', '--require-verdict');
  expect(code).toBe(1);
  expect(out).toContain('the token needs the scope write:repository');
});
