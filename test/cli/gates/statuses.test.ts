import { expect, test } from 'vitest';

import { createStatuses } from '../../../src/cli/gates/statuses.ts';
import { createGitea } from '../../../src/gitea/client.ts';
import { gateResult, gatesReport } from '../../support/gates-report.ts';
import { failing, giteaBot, startGitea } from '../../fake-gitea/gitea.ts';

const never = new AbortController().signal;
const commit = gatesReport([]).commit ?? '';
const pause = { firstMs: 1, factor: 1, maxMs: 1 };

const plan = {
  commit,
  dirty: false,
  sandbox: 'none',
  gates: [
    { gate: 'build', counts: true },
    { gate: 'lint', counts: 'maybe' },
    { gate: 'e2e', counts: false },
  ],
} as const;

async function stage() {
  const gitea = await startGitea();
  const commits = new Map([[commit, {}]]);
  gitea.repositories.set(2, { name: 'acme/orbit', issues: new Map(), commits });
  const token = gitea.tokenOf(giteaBot, ['write:repository']);
  const client = createGitea({ baseUrl: gitea.url, token, now: Date.now });
  const targetUrl = 'https://ci.example.test/7';
  const repository = 'acme/orbit';
  const statuses = createStatuses({ gitea: client, repository, targetUrl, pause });
  const told = () =>
    (gitea.repositories.get(2)?.statuses?.get(commit) ?? []).map(
      ({ context, state, description }) => `${context} ${state}: ${description}`,
    );
  return { gitea, statuses, told };
}

test('what is known to count is pending first; then each gate that counts, and the verdict last', async () => {
  const { gitea, statuses, told } = await stage();
  await statuses.begin(plan, never);
  expect(told()).toEqual([
    'coordinator/verdict pending: The gates are running.',
    'coordinator/build pending: The gates are running.',
  ]);
  await statuses.finish(
    gatesReport([
      gateResult({ status: 'failed', message: '2 errors.' }),
      gateResult({ gate: 'lint', status: 'skipped', counts: false }),
      gateResult({ gate: 'test', status: 'timeout', message: 'Too slow.' }),
      gateResult({ gate: 'coverage', status: 'skipped', message: 'Stopped.' }),
      gateResult({ gate: 'e2e', judgedBy: 'exit_code', message: 'Exit code 0.' }),
    ]),
    never,
  );
  expect(told().slice(2)).toEqual([
    'coordinator/build failure: 2 errors.',
    'coordinator/test error: Too slow.',
    'coordinator/coverage error: Stopped.',
    'coordinator/e2e success: exit code only: Exit code 0.',
    'coordinator/verdict failure: failed: 1 of 4 gates passed.',
  ]);
  const [status] = gitea.repositories.get(2)?.statuses?.get(commit) ?? [];
  expect(status?.target_url).toBe('https://ci.example.test/7');
});

test('descriptions are one line of at most 140 characters', async () => {
  const { statuses, told } = await stage();
  await statuses.begin(plan, never);
  await statuses.finish(gatesReport([gateResult({ message: `a\nb ${'x'.repeat(300)}` })]), never);
  const [, text = ''] = /coordinator\/build success: (.*)/.exec(told()[2] ?? '') ?? [];
  expect(text).toMatch(/^a b x+…$/);
  expect(text).toHaveLength(140);
});

test('a gate that was pending and then did not count is an error: nothing stays pending', async () => {
  const { statuses, told } = await stage();
  await statuses.begin(plan, never);
  await statuses.finish(
    gatesReport([gateResult({ counts: false }), gateResult({ gate: 'lint' })]),
    never,
  );
  expect(told()).toContain('coordinator/build error: It was not checked.');
});

test.each([
  [{ commit: null, dirty: null }, 'needs a git checkout'],
  [{ dirty: true }, 'needs a clean tree'],
  [{ commit: '9'.repeat(40) }, 'acme/orbit on Gitea has no commit 9999999999'],
])('%o is refused before anything is set', async (told, message) => {
  const { gitea, statuses } = await stage();
  await expect(statuses.begin({ ...plan, ...told }, never)).rejects.toThrow(message);
  expect(gitea.writes).toEqual([]);
});

test('a token that may not is told what it needs', async () => {
  const { gitea } = await stage();
  const token = gitea.tokenOf(giteaBot, ['read:repository']);
  const reader = createGitea({ baseUrl: gitea.url, token, now: Date.now });
  const target = { gitea: reader, repository: 'acme/orbit', targetUrl: undefined, pause };
  await expect(createStatuses(target).begin(plan, never)).rejects.toThrow(
    /refused the status .*the scope write:repository, and its user write access to acme\/orbit/,
  );
  const elsewhere = { ...target, repository: 'acme/moon' };
  await expect(createStatuses(elsewhere).begin(plan, never)).rejects.toThrow('has no commit');
});

test('an outage is waited for, and one that lasts is told', async () => {
  const { gitea, statuses, told } = await stage();
  let failures = 0;
  const broken = (method: string) => method === 'POST' && (failures += 1) <= 2;
  gitea.breakWith(failing(502), broken);
  await statuses.begin(plan, never);
  expect(told()).toHaveLength(2);
  gitea.breakWith(failing(502), (method) => method === 'POST');
  await expect(statuses.finish(gatesReport([gateResult()]), never)).rejects.toThrow('status 502');
});

test('an abandoned run leaves nothing pending, and the verdict last', async () => {
  const { statuses, told } = await stage();
  await statuses.begin(plan, never);
  await statuses.abandon('The check was stopped.', never);
  expect(told().slice(2)).toEqual([
    'coordinator/build error: The check was stopped.',
    'coordinator/verdict error: The check was stopped.',
  ]);
});
