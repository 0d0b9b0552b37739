import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';

import { describe, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';

import { anyNumber, anyText, matching } from './support/matching.ts';

const root = new URL('../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');
const dockerfile = read('Dockerfile').replaceAll('\\\n', '');
const runtimeStage = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '));

/** The command of an instruction in exec form; fails on the shell form. */
function execForm(instruction: RegExp): string[] {
  const [, json = ''] = instruction.exec(runtimeStage) ?? [];
  return z.array(z.string()).parse(JSON.parse(json));
}

const healthCheck = execForm(/^HEALTHCHECK .*?CMD (.*)$/m);

/** Runs the HEALTHCHECK as Docker does, against whatever answers. */
async function runHealthCheck(port: number) {
  const [, ...args] = healthCheck;
  const child = spawn(process.execPath, args, { env: { PORT: String(port) } });
  const [output] = await Promise.all([text(child.stdout), once(child, 'close')]);
  return { output, code: child.exitCode };
}

async function answering(status: number, webhook = 200): Promise<number> {
  const server = createServer((request, response) => {
    const isAsked = request.url?.startsWith('/health') === true;
    const answer = request.url === '/health' ? status : webhook;
    response.writeHead(isAsked ? answer : 404).end('the status');
  });
  onTestFinished(() => void server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return z.object({ port: z.number() }).parse(server.address()).port;
}

test('the image starts the built program, without a shell and not as root', () => {
  const { bin } = z
    .object({ bin: z.record(z.string(), z.string()) })
    .parse(JSON.parse(read('package.json')));
  expect(execForm(/^CMD (.*)$/m)).toEqual(['node', bin['mosaic-coordinator']]);
  expect(runtimeStage).not.toContain('ENTRYPOINT');
  expect(/^USER (.*)$/m.exec(runtimeStage)?.[1]).toBe('node');
});

test('every stage has the one base image, pinned by digest', () => {
  expect(dockerfile).toMatch(/^ARG NODE_IMAGE=node:[\w.-]+@sha256:[0-9a-f]{64}$/m);
  const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, base]) => base);
  expect(bases).toEqual(Array(4).fill('${NODE_IMAGE}'));
});

test('the image has no tsx and nothing that installs packages', () => {
  const { dependencies } = z
    .object({ dependencies: z.record(z.string(), z.string()) })
    .parse(JSON.parse(read('package.json')));
  expect(Object.keys(dependencies)).not.toContain('tsx');
  expect(dockerfile).toMatch(/AS dependencies[^]*npm ci --omit=dev /);
  for (const program of ['npm', 'npx', 'corepack', 'yarn', 'yarnpkg'])
    expect(runtimeStage).toMatch(new RegExp(`rm -f[^&]* /usr/local/bin/${program}( |$)`, 'm'));
});

test('nothing but what the Dockerfile copies is sent to the build', () => {
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.*) \S+$/gm)].flatMap(([, files = '']) =>
    files.split(' '),
  );
  const [nothing, ...sent] = read('.dockerignore')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  expect(nothing).toBe('*');
  expect(sent.sort()).toEqual([...new Set(copied)].map((file) => `!${file}`).sort());
});

test.each([
  [200, 200, 0],
  [503, 200, 1],
  [200, 503, 1],
])(
  'HEALTHCHECK on the answers %i and %i (webhook) ends with %i and shows them',
  async (status, webhook, code) => {
    const port = await answering(status, webhook);
    const url = `http://127.0.0.1:${port}/health`;
    const output = `${url} the status\n${url}/webhook the status\n`;
    expect(await runHealthCheck(port)).toEqual({ output, code });
  },
);

test('HEALTHCHECK ends with 1 when nothing listens', async () => {
  expect(await runHealthCheck(1)).toMatchObject({ code: 1 });
});

test('compose publishes the port the image exposes and keeps the volume of its database', () => {
  const compose = read('compose.yaml');
  const [, exposed] = /^EXPOSE (\d+)$/m.exec(runtimeStage) ?? [];
  const [, volume] = /^VOLUME (\S+)$/m.exec(runtimeStage) ?? [];
  const [, database] = /DATABASE_URL=(\S+)/.exec(runtimeStage) ?? [];
  expect(database?.startsWith(`file:${volume}/`)).toBe(true);
  for (const line of [
    `- '\${PORT:-${exposed}}:${exposed}'`,
    `PORT: '${exposed}'`,
    `- data:${volume}`,
    `DATABASE_URL: ${database}`,
  ])
    expect(compose).toContain(` ${line}\n`);
});

test('the verifier has an image and a service of its own, with no secret but its token', () => {
  const stage = /^FROM \S+ AS verifier\n([^]*?)\nFROM /m.exec(dockerfile)?.[1] ?? '';
  for (const program of ['git', 'bubblewrap']) expect(stage).toContain(` ${program}`);
  expect(stage).toContain('\nUSER node\n');
  const [, directory] = /^VOLUME (\S+)$/m.exec(stage) ?? [];
  expect(stage).toContain(`"verify", "--directory", "${directory}"]`);
  const services = z.looseObject({ services: z.record(z.string(), z.looseObject({})) });
  const { verifier } = services.parse(parse(read('compose.yaml'))).services;
  expect(verifier).toMatchObject({
    build: { target: 'verifier' },
    environment: { COORDINATOR_URL: 'http://coordinator:8000' },
    volumes: [`verifier:${directory}`],
    cap_drop: ['ALL'],
  });
  expect(verifier).not.toHaveProperty('env_file');
  // The service's own image has neither git nor a sandbox.
  expect(runtimeStage).toContain('VERIFIERS=0');
});

const serviceSchema = z.looseObject({
  environment: z.record(z.string(), z.string()).optional(),
  secrets: z.array(z.string()).optional(),
  ports: z.array(z.string()).optional(),
  volumes: z.array(z.string()).optional(),
  healthcheck: z.looseObject({ test: z.array(z.string()) }).optional(),
});
const composeSchema = z.looseObject({
  services: z.record(z.string(), serviceSchema),
  volumes: z.record(z.string(), z.unknown()),
  secrets: z.record(z.string(), z.object({ file: z.string() })).optional(),
});
const servicesOf = (path: string) => composeSchema.parse(parse(read(path), { merge: true }));
/** What of a service keeps it in bounds. */
const hardening = ['read_only', 'cap_drop', 'security_opt', 'restart', 'logging'] as const;

describe('compose.postgres.yaml', () => {
  const alone = servicesOf('compose.yaml').services['coordinator'];
  const { services, secrets = {}, volumes } = servicesOf('compose.postgres.yaml');
  const { 'coordinator-1': first, 'coordinator-2': second, proxy, postgres } = services;

  test('has two equal replicas, in the bounds of compose.yaml but for the file of the database', () => {
    expect(first).toEqual(second);
    const { environment, ports = [], volumes: files = [], ...bounds } = alone ?? {};
    expect([ports.length, files.length]).toEqual([1, 1]);
    expect(first).toMatchObject(bounds);
    expect(first?.environment).toEqual({
      ...environment,
      DATABASE_URL: '',
      DATABASE_URL_FILE: '/run/secrets/database_url',
    });
    expect(first).toMatchObject({ depends_on: { postgres: { condition: 'service_healthy' } } });
  });

  test('bounds proxy and PostgreSQL as it bounds the service, and lets nothing else be reached', () => {
    for (const service of [proxy, postgres]) {
      for (const key of hardening) expect(service?.[key], key).toEqual(alone?.[key]);
      expect(service).toMatchObject({
        user: matching(/^[1-9]\d*:[1-9]\d*$/),
        image: matching(/^[a-z]+:\d+(\.\d+)?-[a-z]+$/),
        ...{ pids_limit: anyNumber, mem_limit: anyText },
      });
    }
    const reached = Object.keys(services).filter((name) => services[name]?.ports !== undefined);
    expect(reached).toEqual(['proxy']);
    expect(proxy?.ports).toEqual(alone?.ports);
    expect(postgres?.healthcheck?.test).toContain('pg_isready');
    expect(postgres?.volumes).toEqual([`${Object.keys(volumes)[0]}:/var/lib/postgresql/data`]);
  });

  test('has its password in files alone, which its head makes for the user and the database', () => {
    expect(postgres?.environment).toMatchObject({
      POSTGRES_USER: 'coordinator',
      POSTGRES_DB: 'coordinator',
      POSTGRES_PASSWORD_FILE: '/run/secrets/postgres_password',
    });
    expect(first?.secrets).toEqual(['database_url']);
    expect(postgres?.secrets).toEqual(['postgres_password']);
    const head = read('compose.postgres.yaml').split('\n\n', 1)[0];
    for (const { file } of Object.values(secrets)) expect(head).toContain(` > ${file.slice(2)}\n`);
    expect(head).toContain(
      'postgres://coordinator:$(cat secrets/postgres_password)@postgres:5432/',
    );
    expect(read('.gitignore').split('\n')).toContain('secrets');
  });

  test('its proxy knows the replicas, and sends again only what none of them got', () => {
    const proxied = read('nginx.conf');
    const replicas = Object.keys(services).filter((name) => name.startsWith('coordinator-'));
    const known = [...proxied.matchAll(/^ *server ([\w-]+):8000 resolve /gm)].map(
      ([, name]) => name,
    );
    expect(known).toEqual(replicas);
    expect(proxied).toMatch(/^ *proxy_next_upstream error timeout;$/m);
    expect(proxied).toMatch(/^ *proxy_connect_timeout 1s;$/m);
    expect(proxied).toContain('listen 8000;');
    expect(proxy?.volumes).toEqual(['./nginx.conf:/etc/nginx/nginx.conf:ro']);
  });
});

test('image, devcontainer, CI and package run the same Node', () => {
  const version = read('.node-version').trim();
  expect(dockerfile).toMatch(new RegExp(`^ARG NODE_IMAGE=node:${version}[.\\d]*-slim@`, 'm'));
  expect(read('.devcontainer/devcontainer.json')).toContain(`javascript-node:${version}"`);
  expect(read('package.json')).toContain(`"node": ">=${version}"`);
  const ci = read('.gitea/workflows/ci.yaml');
  expect(ci).toContain('node-version-file: .node-version');
  expect(ci).toContain('- run: .ci/run');
});
