import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Script } from 'node:vm';

import { expect, test } from 'vitest';
import { z } from 'zod';

import { runCommandLine } from '../src/cli/command-line.ts';
import { variableNames } from '../src/config-variables.ts';
import { callsOf, helpOf, pages, projectRoot, readPage } from './support/docs.ts';
import { apiToken, startService, temporaryDirectory, type Service } from './support/service.ts';

const inProject = (path: string) => join(projectRoot, path);
const { scripts } = z
  .object({ scripts: z.record(z.string(), z.string()) })
  .parse(JSON.parse(readPage('package.json').text));

/** On these pages commands are those of the project under check, with its own tool chain. */
const ofOtherProjects = /^docs\/gates\/(node|python|go|rust)\.md$/;

test.each(
  pages.filter(({ path }) => !ofOtherProjects.test(path)).map((page) => [page.path, page] as const),
)('the commands of %s do what the page says they do', async (_path, page) => {
  let service: Promise<Service> | undefined;
  const open = () => (service ??= startService());
  for (const call of await callsOf(page)) await expectToWork(call, open);
});

test('the scripts of npm are explained in CONTRIBUTING.md', () => {
  const list = readPage('CONTRIBUTING.md').text;
  const section = list.slice(list.indexOf('## Scripts'), list.indexOf('The measurements of'));
  const rows = [...section.matchAll(/^\| (`.*?) *\|/gm)].map(([, cell = '']) => cell);
  const explained = rows.flatMap((row) => [...row.matchAll(/`([\w:]+)`/g)].map(([, name]) => name));
  expect(explained).toEqual(Object.keys(scripts));
});

test('every npm script that is named exists', () => {
  const unknown = pages.flatMap(({ text }) =>
    [...text.matchAll(/npm run ([\w:]+)/g)].filter(([, name = '']) => !(name in scripts)),
  );
  expect(unknown).toEqual([]);
});

/** Fails when a command that people are told to type names something that is not there. */
async function expectToWork(
  [program = '', ...args]: readonly string[],
  open: OpenService,
): Promise<void> {
  const works = checks.get(program);
  if (works === undefined) throw new RangeError(`${program} cannot be checked`);
  await works(args, open);
}

/** Starts a service, or returns the one that runs already. */
type OpenService = () => Promise<Service>;
type Check = (args: readonly string[], open: OpenService) => Promise<void> | void;

const checks: ReadonlyMap<string, Check> = new Map<string, Check>([
  ['npm', expectNpm],
  ['node', expectNode],
  ['curl', expectRoute],
  ['docker', expectDocker],
  ['git', ([command]) => expect(command).toBe('clone')],
  ['cp', ([from = '']) => expect(existsSync(inProject(from)), from).toBe(true)],
]);

async function expectNpm(given: readonly string[]): Promise<void> {
  const [command = '', ...rest] = given.filter((word) => word !== '--silent');
  const more = rest.slice(rest.indexOf('--') + 1);
  if (command === 'start') await expectParsed(rest.includes('--') ? more : []);
  if (command !== 'run') {
    expect(['', 'ci', 'install', 'pack', 'start', 'test']).toContain(command);
    return;
  }
  const [script = ''] = rest;
  expect(Object.keys(scripts)).toContain(script);
  if (script === 'demo') await expectOptions('demo', more);
  if (script === 'bench') expect(existsSync(inProject(`bench/${more[0]}.ts`)), more[0]).toBe(true);
}

/** For a command that needs nothing, and so would run. */
async function expectOptions(command: string, options: readonly string[]): Promise<void> {
  const help = await helpOf(command);
  for (const option of options) expect(help).toContain(` ${option} `);
}

async function expectNode([first = '', ...rest]: readonly string[]): Promise<void> {
  if (first === '-e') expect(new Script(rest[0] ?? '')).toBeDefined();
  else {
    expect(first).toMatch(/(^|\/)dist\/main\.js$/);
    await expectParsed(rest);
  }
}

/** Stands for the first thing a command needs once its arguments have been checked. */
class Parsed extends Error {}

/** Runs the real command line until it reads the environment, or finds that there is nothing to check. */
async function expectParsed(given: readonly string[]): Promise<void> {
  const [command = 'serve'] = given;
  const absent = join(temporaryDirectory(), 'app');
  const args = given
    .filter((word) => word !== '../app' && word !== 'head')
    .map((word) => (word === '../trusted' || word === 'base' ? temporaryDirectory() : word));
  const said = { out: '', err: '' };
  const run = runCommandLine(command === 'gates' ? [...args, absent] : args, {
    stdout: { write: (text) => (said.out += text) },
    stderr: { write: (text) => (said.err += text) },
    environment: () => {
      throw new Parsed();
    },
  }).catch((error: unknown) => {
    if (!(error instanceof Parsed)) throw error;
    return 0;
  });
  const code = await run;
  if (command === 'gates') expect(said.err).toContain(`There is no directory ${absent}`);
  else expect({ code, ...said }).toMatchObject({ code: 0, err: '' });
}

/** Sends what the page shows to a real service; ids in it are made up, so it may answer that there is none. */
async function expectRoute(args: readonly string[], open: OpenService): Promise<void> {
  const valuesOf = (option: string) => args.filter((_word, index) => args[index - 1] === option);
  const shown = new URL(args.find((word) => word.startsWith('http://localhost:8000/')) ?? '');
  shown.searchParams.delete('wait');
  const headers = new Headers();
  for (const header of valuesOf('-H')) {
    const [name = '', value = ''] = header.split(': ');
    headers.set(name, value.replace('Bearer token', `Bearer ${apiToken}`));
  }
  const [method = 'GET'] = valuesOf('-X');
  const [body = null] = valuesOf('-d');
  const service = await open();
  const reply = await fetch(`${service.url}${shown.pathname}${shown.search}`, {
    method,
    headers,
    body,
  });
  const text = await reply.text();
  expect([400, 401, 405, 415, 422], text).not.toContain(reply.status);
  expect(text).not.toContain('There is no such route.');
}

async function expectDocker(
  [command = '', ...rest]: readonly string[],
  open: OpenService,
): Promise<void> {
  const dockerfile = readPage('Dockerfile').text;
  if (command === 'exec') {
    const [program = '', ...args] = rest.slice(1);
    await expectToWork([program, ...args], open);
  } else if (command === 'run') {
    const valuesOf = (option: string) => rest.filter((_word, index) => rest[index - 1] === option);
    for (const volume of valuesOf('-v'))
      expect(dockerfile).toContain(`VOLUME ${volume.split(':')[1]}\n`);
    for (const port of valuesOf('-p'))
      expect(dockerfile).toContain(`EXPOSE ${port.split(':')[1]}\n`);
    for (const variable of valuesOf('-e')) expect(variableNames).toContain(variable);
  } else if (command === 'compose') {
    const file = rest[0] === '-f' ? (rest[1] ?? '') : 'compose.yaml';
    expect(existsSync(inProject(file)), file).toBe(true);
  } else expect(command).toBe('build');
}
