import { createServer } from 'node:http';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';

import { doctor } from '../../../src/cli/commands/doctor.ts';
import { setup } from '../../../src/cli/commands/setup.ts';
import type { Environment } from '../../../src/config.ts';
import { temporaryDirectory, testEnvironment } from '../../support/service.ts';

/** Says whatever it was told in every text there is, and secrets besides. */
async function startTalkative(): Promise<{
  url: string;
  say: (secrets: readonly string[]) => void;
}> {
  let said: readonly string[] = [];
  const server = createServer((request, response) => {
    const { authorization = 'token nobody' } = request.headers;
    const gossip = `${authorization} ${said.join(' ')}`;
    const path = (request.url ?? '').replace(/\?.*/, '').replace('/api/v1', '');
    const hook = {
      id: 1,
      active: true,
      type: 'gitea',
      events: ['issues'],
      authorization_header: gossip,
      config: {
        url: `http://me:${said[0] ?? ''}@127.0.0.1:8000/webhook/gitea?key=${said[1] ?? ''}`,
        content_type: 'form',
        secret: said[0],
      },
    };
    const repository = {
      id: 2,
      full_name: 'acme/orbit',
      permissions: { admin: true, push: true, pull: true },
    };
    const answers: Record<string, [number, unknown]> = {
      '/version': [200, { version: `1.25.4 ${gossip}` }],
      '/user': [200, { id: 1, login: 'coordinator-bot' }],
      '/user/repos': [200, request.url?.includes('page=1') === true ? [repository] : []],
      '/repos/acme/orbit': [200, repository],
      '/repos/acme/orbit/hooks':
        request.method === 'GET' ? [200, [hook]] : [403, { message: gossip }],
      '/notifications/new': [
        403,
        { message: `${gossip} token scope=write:issue,read:repository,read:user` },
      ],
    };
    const [status, body] = answers[path] ?? [403, { message: `Refused: ${gossip}` }];
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = z.object({ port: z.number() }).parse(server.address());
  return { url: `http://127.0.0.1:${port}`, say: (secrets) => void (said = secrets) };
}

const secret = fc.stringMatching(/^[A-Za-z0-9_-]{24,40}$/);

const secretsOf = fc.record({
  GITEA_WEBHOOK_SECRET: secret,
  GITEA_WEBHOOK_SECRET_PREVIOUS: secret,
  GITEA_TOKEN: secret,
  ANTHROPIC_API_KEY: secret,
  adminToken: secret,
});

/** So much of a secret must not be in what is printed, even if it is not all of it. */
const partLength = 12;

test('no secret is printed, not even a part of one, however much Gitea tells', async () => {
  const gitea = await startTalkative();
  const directory = temporaryDirectory();
  const tokenFile = join(directory, 'token');
  async function printed(environment: Environment, json: boolean): Promise<string> {
    let text = '';
    const output = { write: (written: string) => (text += written) };
    const io = { stdout: output, stderr: output, environment: () => environment };
    await doctor(io, { tokenFile, json }, { pollMs: 1, patienceMs: 1 });
    const url = 'http://coordinator:8000/webhook/gitea';
    for (const options of [{}, { dryRun: true }, { newSecret: true }])
      await setup(io, { ...options, tokenFile, repo: 'acme/orbit', url }).catch(
        (error: unknown) => {
          text += String(error);
        },
      );
    return text;
  }
  const property = fc.asyncProperty(
    secretsOf,
    fc.boolean(),
    fc.constantFrom<Environment>(
      {},
      { PORT: 'many' },
      { GITEA_WEBHOOK_SECRET: 'short-one' },
      { GITEA_TOKEN_FILE: '/nowhere' },
      { ISSUE_READER: 'claude' },
    ),
    async ({ adminToken, ...secrets }, json, more) => {
      writeFileSync(tokenFile, adminToken);
      const present = [...Object.values({ ...secrets, ...more }), adminToken].filter(
        (value) => value.length >= partLength,
      );
      gitea.say(present);
      const claude = { ANTHROPIC_BASE_URL: gitea.url };
      const places = { GITEA_URL: gitea.url, PORT: '2', ...claude };
      const environment = testEnvironment(directory, { ...places, ...secrets, ...more });
      const text = await printed(environment, json);
      expect(text).toContain('acme/orbit');
      for (const value of present)
        for (let start = 0; start + partLength <= value.length; start += 1)
          expect(text).not.toContain(value.slice(start, start + partLength));
    },
  );
  await fc.assert(property, { numRuns: 12 });
});
