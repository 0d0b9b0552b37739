import { expect, test } from 'vitest';

import { checkRepositories } from '../../../src/cli/doctor/repositories.ts';
import { examineJson, openClinic, webhookUrl } from '../../support/doctor.ts';
import { testCases, orbitOf } from './cases.ts';
import { never, repository } from './samples.ts';

testCases([
  {
    what: 'the bot is no collaborator anywhere',
    breakIt: ({ fake }) => void (orbitOf(fake).hidden = true),
    code: 1,
    name: 'repositories',
    text: /coordinator-bot works in no repository with write access/,
    cure: /Collaborators/,
  },
  {
    what: 'the bot is no collaborator of a repository that sends webhooks',
    breakIt: async ({ fake, service }) => {
      fake.as('maria').editIssue('acme/orbit#7', { title: 'Told' });
      await fake.settled();
      await service.idle();
      orbitOf(fake).hidden = true;
    },
    code: 1,
    name: 'repository acme/orbit',
    text: /coordinator-bot cannot see it/,
    cure: /Add coordinator-bot in acme\/orbit > Settings > Collaborators/,
  },
  {
    what: 'the bot can only read',
    breakIt: ({ fake }) => void (orbitOf(fake).bot = 'read'),
    code: 1,
    name: 'repository acme/orbit',
    text: /no write access/,
    cure: /with write access/,
  },
  {
    what: 'issues are switched off',
    breakIt: ({ fake }) => void (orbitOf(fake).hasIssues = false),
    code: 1,
    name: 'repository acme/orbit',
    text: /Issues are disabled/,
    cure: /Units/,
  },
  {
    what: 'dependencies are switched off',
    breakIt: ({ fake }) => void (orbitOf(fake).dependenciesOff = true),
    code: 1,
    name: 'repository acme/orbit',
    text: /Dependencies are disabled/,
    cure: /Enable Dependencies/,
  },
  {
    what: 'a repository is archived, which is no fault',
    breakIt: ({ fake }) => void (orbitOf(fake).archived = true),
    code: 0,
    name: 'repository acme/orbit',
    text: /archived/,
  },
  {
    what: 'the repository that was asked for cannot be seen',
    breakIt: ({ options }) => void (options['repo'] = 'acme/nowhere'),
    code: 1,
    name: 'repository acme/nowhere',
    text: /cannot see it/,
    cure: /Collaborators/,
  },
]);

test('more repositories than are checked are counted, and stored ones are not requested one by one', async () => {
  const clinic = await openClinic();
  for (let id = 10; id < 70; id += 1)
    clinic.fake.repositories.set(id, { name: `acme/part-${id}`, issues: new Map() });
  clinic.fake.addHook({ url: webhookUrl(clinic.service) });
  const { findings } = await examineJson(clinic);
  const texts = findings.filter(({ name }) => name === 'repositories').map(({ text }) => text);
  expect(texts).toEqual([
    'acme/orbit, acme/part-10, acme/part-11, acme/part-12, acme/part-13 and 45 more: read, write, issues and dependencies.',
    'There are more than 50; the others were not checked. --repo owner/name checks one.',
  ]);
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
