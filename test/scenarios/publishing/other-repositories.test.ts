import { expect, test } from 'vitest';

import { giteaBot } from '../../fake-gitea/gitea.ts';
import { stagePublishing } from '../../support/publishing.ts';

/** A private repository of somebody else, to which the bot has access; the test repository is public. */
async function stageVault() {
  const staged = await stagePublishing();
  const { gitea, assigned, settle, service } = staged;
  gitea.repositories.set(9, { name: 'secret/vault', private: true, issues: new Map() });
  gitea.addHook({ url: `${service.url}/webhook/gitea`, organization: 'secret' });
  const maria = gitea.as('maria');
  const open = maria.openIssue('secret/vault', { title: 'Keys', body: '', assignees: [giteaBot] });
  const closed = maria.openIssue('secret/vault', { title: 'Locks', body: '', open: false });
  await settle();
  /** The comment on an issue whose text says this. */
  async function commentOn(body: string): Promise<string> {
    const ref = await assigned('Asks', body);
    await settle();
    return gitea.commentsOf(ref)[0]?.body.replaceAll(ref, 'REF') ?? '';
  }
  const missing = 999;
  return { ...staged, open, closed, missing, commentOn };
}

// M2: the comment was an oracle on private repositories.
test('a comment tells neither name nor state nor existence of what its readers may not see', async () => {
  const { commentOn, open, closed, missing } = await stageVault();
  const all = [open, closed, missing].map((number) => `secret/vault#${number}`);
  const told = await commentOn(`Blocked by ${all.join(' and ')}.`);
  expect(told).toContain('**Blocked.** Waits for at least one of 3 issues elsewhere.');
  expect(told).not.toMatch(/vault|secret|exist/);
});

test.each([
  (ref: string) => `Blocked by ${ref}.`,
  (ref: string) => `## Dependencies\n\n- ${ref}\n- #1`,
  (ref: string) => `This blocks ${ref}. Also blocked by ${ref}.`,
  (ref: string) => `Blocked by https://git.example.test/${ref.replace('#', '/issues/')} and #1`,
])('an open issue elsewhere and one that is missing read the same: %s', async (textOf) => {
  const { commentOn, assigned, open, missing, gitea } = await stageVault();
  await assigned('First');
  const numbered = (number: number) => textOf(`secret/vault#${number}`);
  const [one, other] = [await commentOn(numbered(open)), await commentOn(numbered(missing))];
  const own = /acme\/orbit&#35;\d+|`Blocks #\d+`/g;
  expect(one.replaceAll(own, 'OWN')).toBe(other.replaceAll(own, 'OWN'));
  expect(one).not.toMatch(/vault|secret/);
  expect(gitea.labelsOf('acme/orbit#2')).toEqual(gitea.labelsOf('acme/orbit#3'));
});

test('beside an issue that is named, the state of one elsewhere changes nothing', async () => {
  const { commentOn, assigned, open, closed, missing } = await stageVault();
  await assigned('First');
  const told = new Set<string>();
  for (const number of [open, closed, missing])
    told.add(
      (await commentOn(`Blocked by #1 and secret/vault#${number}`)).replaceAll(
        /`Blocks #\d+`/g,
        'OWN',
      ),
    );
  const [only = '', ...others] = told;
  expect(others).toEqual([]);
  expect(only).toContain('**Blocked.** Waits for acme/orbit&#35;1, which is open.');
  expect(only).toContain('- an issue elsewhere\n');
});

test('a cycle through an issue elsewhere names the others', async () => {
  const { gitea, settle, assigned, open } = await stageVault();
  const ref = await assigned('Cycle', `Blocked by secret/vault#${open}`);
  gitea.as('maria').editIssue(`secret/vault#${open}`, { body: `Blocked by ${ref}` });
  await settle();
  const [comment] = gitea.commentsOf(ref);
  expect(comment?.body).toContain(
    'Waits for itself in a cycle: acme/orbit&#35;1 → an issue elsewhere → …',
  );
  expect(comment?.body).not.toMatch(/vault|secret/);
});

test('an issue of the private repository names the public one', async () => {
  const { gitea, settle, assigned } = await stageVault();
  const ref = await assigned('Public');
  gitea.as('maria').openIssue('secret/vault', {
    title: 'Waits',
    body: `Blocked by ${ref}`,
    assignees: [giteaBot],
  });
  await settle();
  expect(gitea.commentsOf('secret/vault#3')[0]?.body).toContain(
    '**Blocked.** Waits for acme/orbit&#35;1, which is open.',
  );
});
