import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';
import { z } from 'zod';

import { openSandbox } from '../../../src/gates/process/sandbox.ts';
import { createJournal } from '../../../src/work/journal.ts';
import { eventually } from '../../live/support/eventually.ts';
import { apiToken } from '../../support/service.ts';
import {
  createCanary,
  secretsBelow,
  secretsIn,
  secretsInObjects,
  spellingsOf,
  type Secrets,
} from '../../support/secrets.ts';
import { startWorkScene } from '../../support/work-scene.ts';

/** An agent that looks for the secrets of its runner wherever it can. */
const agent = fileURLToPath(new URL('../../fixtures/work-looks-around.mjs', import.meta.url));

const reportSchema = z.object({
  looked: z.object({ files: z.number(), processes: z.number() }),
  report: z.array(z.object({ name: z.string(), place: z.string() })),
});

/** What docs/work.md says that a mode cannot hold back, secret by secret. Everything else would be a leak. */
const notHeldBack: Readonly<Record<'bwrap' | 'none', Readonly<Record<string, readonly string[]>>>> =
  {
    bwrap: {},
    none: {
      'token of the coordinator': ['environment of the runner'],
      'key of the model': ['environment of the runner'],
      'secret of the webhook': ['environment of the runner'],
      'credential of git': ['.git-credentials'],
      'token of the claim': ['journal/job-1.json'],
    },
  };

const { signal } = new AbortController();
const isStartable = await openSandbox('bwrap', { privateDirectory: tmpdir(), signal }).then(
  () => true,
  () => false,
);

test.for([
  ['none', 'a credential helper'],
  ['bwrap', 'a credential helper'],
  ['bwrap', 'an address with a password'],
] as const)(
  'an agent in the mode %s finds no other secret than the page about it says (git has %s)',
  { timeout: 120_000 },
  async ([mode, way], { skip }) => {
    if (mode === 'bwrap' && !isStartable) skip('bwrap does not start here');
    const since = Date.now();
    const operator = createCanary('operator');
    const known = {
      'token of the coordinator': createCanary('worker'),
      'key of the model': createCanary('sk-ant'),
      'secret of the webhook': createCanary('hook'),
    };
    const scene = await startWorkScene({
      operator,
      env: {
        VERIFIERS: '0',
        API_TOKENS: `tests:${apiToken},runner:worker:${known['token of the coordinator']}`,
      },
    });
    const { place, home } = scene;
    if (way === 'an address with a password') {
      rmSync(join(home, '.git-credentials'));
      const withPassword = scene.gitea.url.replace('://', `://${scene.gitToken}:x@`);
      const config = `[url "${withPassword}/"]\n\tinsteadOf = ${scene.gitea.url}/\n`;
      writeFileSync(join(home, '.gitconfig'), config);
    }
    const roots = mode === 'none' ? [home] : ['/'];
    const runner = scene.startRunner(
      ['--once', '--sandbox', mode, '--', process.execPath, agent, `${since}`, ...roots],
      {
        COORDINATOR_TOKEN: known['token of the coordinator'],
        ANTHROPIC_API_KEY: known['key of the model'],
        GITEA_WEBHOOK_SECRET: known['secret of the webhook'],
      },
    );
    await runner.until('its agent works', () =>
      runner.log().find(({ msg }) => msg === 'the agent works'),
    );
    const held = (await createJournal(join(place, 'journal'), 1).read())?.claim;
    const secrets: Secrets = {
      ...known,
      'credential of git': scene.gitToken,
      'token of the claim': held?.token ?? '',
    };
    const own = join(place, 'homes', held?.claimId ?? '');
    const hidden = Object.entries(secrets).map(([name, secret]) => [
      name,
      spellingsOf(secret).map((spelling) => Buffer.from(spelling).reverse().toString('hex')),
    ]);
    writeFileSync(join(own, 'needles.json'), JSON.stringify(Object.fromEntries(hidden)));
    let found: z.infer<typeof reportSchema> | undefined;
    await eventually(60_000, () => {
      found = reportSchema.parse(JSON.parse(readFileSync(join(own, 'report.json'), 'utf8')));
      return Promise.resolve();
    });

    expect(found?.looked.files).toBeGreaterThan(20);
    expect(found?.looked.processes).toBeGreaterThan(2);
    const places: Record<string, string[]> = {};
    for (const { name, place: where } of found?.report ?? [])
      (places[name] ??= []).push(
        where
          .replace(`environ of ${runner.pid ?? 0}`, 'environment of the runner')
          .replace(`file ${place}/`, '')
          .replace(`file ${home}/`, ''),
      );
    const unique = Object.entries(places).map(([name, where]) => [name, [...new Set(where)]]);
    expect(Object.fromEntries(unique)).toEqual(notHeldBack[mode]);
    // While the agent works: of all that the runner writes only the journal holds a secret.
    expect(secretsBelow(place, secrets)).toEqual({ 'journal/job-1.json': ['token of the claim'] });

    writeFileSync(join(own, 'go'), '');
    await runner.until('the agent has ended', () =>
      runner.log().find(({ msg }) => msg === 'the agent has ended'),
    );
    await eventually(30_000, () => {
      expect(scene.pushed()).toEqual(['Look around']);
      return Promise.resolve();
    });
    await runner.exit();
    expect(secretsIn(`${runner.output.stdout}${runner.output.stderr}`, secrets)).toEqual([]);
    expect(secretsInObjects(scene.repository.bare, secrets)).toEqual([]);
    expect(secretsBelow(place, secrets)).toEqual({});
  },
);
