import { expect, test } from 'vitest';

import { orderBacklog } from '../../../../src/cli/plan/backlog/order.ts';
import type { PlannedIssue } from '../../../../src/cli/plan/backlog/plan-backlog.ts';
import { createPatientGitea } from '../../../../src/cli/plan/backlog/patient-gitea.ts';
import { createBacklogSource } from '../../../../src/cli/plan/backlog/read-backlog.ts';
import { backlogJson } from '../../../../src/cli/plan/backlog/render-backlog.ts';
import { createGitea } from '../../../../src/gitea/client.ts';
import { advance } from '../../../../src/issue/facts.ts';
import type { IssueSnapshot } from '../../../../src/issue/event.ts';
import type { Dependency, NamedIssue } from '../../../../src/issue/reading.ts';
import { planWork } from '../../../../src/planning/plan-work.ts';
import { readOffline } from '../../../../src/reading/offline-reading.ts';
import { failing, giteaToken, startGitea } from '../../../fake-gitea/gitea.ts';

function snapshot(number: number): IssueSnapshot {
  return {
    ...{ repositoryId: 1, repository: 'acme/deck', number, title: `Part ${number}`, body: '' },
    ...{ bodyCut: false, open: true, assignees: [], labels: [], updatedAt: 0 },
  };
}

interface Named {
  readonly blockers: readonly number[];
  readonly parents: readonly NamedIssue[];
}

/** An issue whose text names these. */
function planned(number: number, { blockers, parents }: Named): PlannedIssue {
  const issue = snapshot(number);
  const reading = {
    ...readOffline(issue, []),
    dependencies: blockers.map((other): Dependency => ({
      ...{ direction: 'blocked_by', repository: null, number: other },
      ...{ source: 'declared', evidence: 'Blocked by' },
    })),
    partOf: [...parents],
  };
  const facts = advance(undefined, { kind: 'refreshed', issue });
  const plan = planWork({ reading, profiles: [] });
  return { facts, plan, heldBy: undefined, hiddenBlockers: 0 };
}

const given = { archived: false, seen: () => undefined };

test('a backlog in which all is part of all is ordered in seconds', () => {
  const count = 400;
  const issues = Array.from({ length: count }, (_, index) => {
    const other = (step: number) => ((index + step) % count) + 1;
    const parents = Array.from({ length: 20 }, (__, each) => other(1 + each * 37));
    return planned(index + 1, {
      blockers: Array.from({ length: 100 }, (__, each) => other(1 + each)),
      parents: parents.map((number) => ({ repository: null, number })),
    });
  });
  const began = process.cpuUsage();
  const backlog = orderBacklog(issues, given);
  backlogJson({ ...backlog, repository: 'acme/deck', cut: false });
  const { user } = process.cpuUsage(began);
  // It took 10 s, and 8 times as long for twice the issues.
  expect(user / 1_000).toBeLessThan(2_500);
});

test('a parent is known by its name in any letter case', () => {
  const parents = [{ repository: 'Acme/Deck', number: 2 }];
  const issues = [
    planned(1, { blockers: [2], parents }),
    planned(2, { blockers: [], parents: [] }),
  ];
  const seen = (ref: string) => (ref.toLowerCase() === 'acme/deck#2' ? snapshot(2) : undefined);
  expect(orderBacklog(issues, { ...given, seen }).edges.map(({ holds }) => holds)).toEqual([false]);
});

async function openSource(patience?: (ms: number) => void) {
  const fake = await startGitea();
  const issue = { title: 'One', body: '', open: true, labels: [], assignees: [] };
  const issues = new Map(Array.from({ length: 60 }, (_, index) => [index + 1, { ...issue }]));
  fake.repositories.set(70, { name: 'acme/deck', issues });
  const gitea = createGitea({ baseUrl: fake.url, token: giteaToken, now: Date.now });
  const patient = createPatientGitea(gitea, {
    onPause: (ms) => patience?.(ms),
    wait: () => Promise.resolve(),
  });
  const source = createBacklogSource(patient);
  const { signal } = new AbortController();
  const repository = await source.findRepository('acme/deck', signal);
  if (repository === undefined) throw new Error('There is no acme/deck.');
  const list = () =>
    source
      .list(repository, { state: 'open' }, { onPage: () => undefined, signal })
      .finally(() => gitea.close());
  return { fake, source, list };
}

test('a server that sends one page again and again is not asked for ever', async () => {
  const { fake, source, list } = await openSource();
  const headers = { authorization: `token ${giteaToken}` };
  const address = `${fake.url}/api/v1/repos/acme/deck/issues?type=issues&state=open&page=1&limit=50`;
  const page = await (await fetch(address, { headers })).text();
  fake.breakWith(
    (response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(page);
    },
    (_method, path) => path.includes('/issues?'),
  );
  await expect(list()).rejects.toMatchObject({ code: 'pages_repeat' });
  expect(source.calls()).toBeLessThan(30);
});

test('a repository that vanishes while it is listed is no wrong name or setting', async () => {
  const { fake, list } = await openSource();
  fake.breakWith(failing(404), (_method, path) => path.includes('page=2'));
  await expect(list()).rejects.toMatchObject({ code: 'repository_unreadable' });
});

test('a call that is refused because there were too many is made again later', async () => {
  const pauses: number[] = [];
  const { fake, list } = await openSource((ms) => pauses.push(ms));
  let calls = 0;
  // The client itself calls twice.
  fake.breakWith(
    failing(429, { 'retry-after': '1' }),
    (_method, path) => path.includes('page=2') && (calls += 1) <= 4,
  );
  expect((await list()).issues).toHaveLength(60);
  expect(pauses).toEqual([5_000, 15_000]);
});

test('a limit that stays ends it, and a refused token at once', async () => {
  const pauses: number[] = [];
  const { fake, list } = await openSource((ms) => pauses.push(ms));
  fake.breakWith(failing(429, { 'retry-after': '3600' }), (_method, path) =>
    path.includes('page='),
  );
  await expect(list()).rejects.toMatchObject({ code: 'gitea_unavailable' });
  expect(pauses).toEqual([60_000, 60_000, 60_000]);
  const other = await openSource((ms) => pauses.push(ms));
  other.fake.breakWith(failing(401), (_method, path) => path.includes('page='));
  await expect(other.list()).rejects.toMatchObject({ code: 'gitea_auth' });
  expect(pauses).toHaveLength(3);
});
