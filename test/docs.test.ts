import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Script } from 'node:vm';

import { describe, expect, test } from 'vitest';
import { z } from 'zod';

import { exitCodes, runCommandLine } from '../src/cli/command-line.ts';
import { doctorExitCodes } from '../src/cli/doctor/finding.ts';
import { variableNames } from '../src/config.ts';
import { gateNames, gateStatuses } from '../src/gates/gate.ts';
import { sandboxModes } from '../src/gates/report.ts';
import {
  anchorsOf,
  blocksOf,
  callsOf,
  linksOf,
  pages,
  projectRoot,
  readPage,
  type Page,
} from './support/docs.ts';
import { startChild } from './support/process.ts';
import { stagePublishing } from './support/publishing.ts';
import { apiToken, startService, temporaryDirectory } from './support/service.ts';

/** Done; something is left to do by hand; wrong configuration or command line. */
const setupExitCodes = [0, 1, 2];
const readme = readPage('README.md');
const gatesPage = readPage('docs/gates.md');
const named = pages.map((page) => [page.path, page] as const);
const inProject = (path: string) => join(projectRoot, path);
const { scripts, exports } = z
  .object({
    scripts: z.record(z.string(), z.string()),
    exports: z.record(z.string(), z.object({ default: z.string() })),
  })
  .parse(JSON.parse(readPage('package.json').text));

describe('links', () => {
  test.each(named)('of %s lead somewhere', (_path, page) => {
    const broken = linksOf(page).filter((link) => !leadsSomewhere(page, link));
    expect(broken).toEqual([]);
  });

  test('from messages and comments of the project lead somewhere', () => {
    const files = readdirSync(inProject('src'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => `src/${name}`);
    const broken = [...files, '.env.example', 'compose.yaml'].flatMap((path) =>
      [...readPage(path).text.matchAll(/\bdocs\/[\w/-]+\.md(#[\w-]+)?/g)]
        .map(([link]) => link)
        .filter((link) => !leadsSomewhere(readme, link)),
    );
    expect(broken).toEqual([]);
  });

  test('lead from the README to every page', () => {
    const reached = new Set([...linksOf(readme), ...decisionLinks()].map(withoutAnchor));
    const unreached = pages.filter(({ path }) => path !== 'README.md' && !reached.has(path));
    expect(unreached).toEqual([]);
  });
});

function leadsSomewhere(page: Page, link: string): boolean {
  const target = posix.join(posix.dirname(page.path), withoutAnchor(link));
  const path = link.startsWith('#') ? page.path : target;
  const [, anchor] = link.split('#');
  if (!existsSync(inProject(path))) return false;
  return anchor === undefined || anchorsOf(readPage(path)).includes(anchor);
}

function withoutAnchor(link: string): string {
  return link.split('#')[0] ?? '';
}

function decisionLinks(): string[] {
  return linksOf(readPage('docs/decisions/README.md')).map((link) => `docs/decisions/${link}`);
}

describe('commands', () => {
  test.each(named)('of %s do what the page says they do', async (_path, page) => {
    for (const call of await callsOf(page)) await expectToWork(call);
  });

  test('back a running database up', async () => {
    const directory = temporaryDirectory();
    mkdirSync(join(directory, 'data'));
    const database = new DatabaseSync(join(directory, 'data/coordinator.db'));
    database.exec(
      'pragma journal_mode = wal; create table plans (text); insert into plans values (7)',
    );
    const calls = await callsOf(readPage('docs/operations.md'));
    const [backup] = calls.filter(([program]) => program === 'node');
    const child = startChild({ args: backup?.slice(1) ?? [], environment: {}, directory });
    expect(await child.exit()).toEqual({ code: 0, signal: null });
    const copy = new DatabaseSync(join(directory, 'backup.db'), { readOnly: true });
    expect(copy.prepare('select text from plans').all()).toEqual([{ text: 7 }]);
    copy.close();
    database.close();
  });

  test('of npm are in the list of scripts, and all of these are explained', () => {
    const list = readPage('CONTRIBUTING.md').text;
    const section = list.slice(list.indexOf('## Scripts'), list.indexOf('The measurements of'));
    const rows = [...section.matchAll(/^\| (`.*?) *\|/gm)].map(([, cell = '']) => cell);
    const explained = rows.flatMap((row) =>
      [...row.matchAll(/`([\w:]+)`/g)].map(([, name]) => name),
    );
    expect(explained).toEqual(Object.keys(scripts));
  });

  test('of npm named in a sentence exist', () => {
    const unknown = pages.flatMap(({ text }) =>
      [...text.matchAll(/npm run ([\w:]+)/g)].filter(([, name = '']) => !(name in scripts)),
    );
    expect(unknown).toEqual([]);
  });
});

/** Fails when a command that people are told to type names something that is not there. */
async function expectToWork([program = '', ...args]: readonly string[]): Promise<void> {
  const works = checks.get(program);
  if (works === undefined) throw new RangeError(`${program} cannot be checked`);
  await works(args);
}

type Check = (args: readonly string[]) => Promise<void> | void;

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
    expect(['', 'ci', 'start', 'test']).toContain(command);
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

async function helpOf(command: string): Promise<string> {
  let help = '';
  const output = { write: (text: string) => (help += text) };
  const io = { stdout: output, stderr: output, environment: () => ({}) };
  expect(await runCommandLine([command, '--help'], io)).toBe(0);
  return help;
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
    .filter((word) => word !== '../app')
    .map((word) => (word === '../trusted' ? temporaryDirectory() : word));
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
async function expectRoute(args: readonly string[]): Promise<void> {
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
  const service = await startService();
  const reply = await fetch(`${service.url}${shown.pathname}${shown.search}`, {
    method,
    headers,
    body,
  });
  const text = await reply.text();
  await service.close();
  expect([400, 401, 405, 415, 422], text).not.toContain(reply.status);
  expect(text).not.toContain('There is no such route.');
}

async function expectDocker([command = '', ...rest]: readonly string[]): Promise<void> {
  const dockerfile = readPage('Dockerfile').text;
  if (command === 'exec') {
    const [program = '', ...args] = rest.slice(1);
    await expectToWork([program, ...args]);
  } else if (command === 'run') {
    const valuesOf = (option: string) => rest.filter((_word, index) => rest[index - 1] === option);
    for (const volume of valuesOf('-v'))
      expect(dockerfile).toContain(`VOLUME ${volume.split(':')[1]}\n`);
    for (const port of valuesOf('-p'))
      expect(dockerfile).toContain(`EXPOSE ${port.split(':')[1]}\n`);
    for (const variable of valuesOf('-e')) expect(variableNames).toContain(variable);
  } else if (command === 'compose') expect(existsSync(inProject('compose.yaml'))).toBe(true);
  else expect(command).toBe('build');
}

describe('the example of the README', () => {
  const [text = ''] = blocksOf(readPage('docs/reading.md'), 'markdown');
  const [heading = '', , ...body] = text.split('\n');
  const said = (shown: string) => shown.replaceAll(/[ -]+/g, ' ').trim();

  test('is what `plan` prints of the text in docs/reading.md', async () => {
    const file = join(temporaryDirectory(), 'issue.md');
    writeFileSync(file, text);
    let printed = '';
    const output = { write: (line: string) => (printed += line) };
    await runCommandLine(['plan', file], {
      stdout: output,
      stderr: output,
      environment: () => ({}),
    });
    expect(blocksOf(readme, 'text')).toEqual([printed]);
  });

  test('is the comment that Gitea gets', async () => {
    const { gitea, assigned } = await stagePublishing();
    await assigned('Measure the level');
    const ref = await assigned(heading.slice(2), body.join('\n'));
    const [comment] = gitea.commentsOf(ref);
    const [, ...lines] = comment?.body.split('\n') ?? [];
    const shown = [...readme.text.matchAll(/^> ?(.*)$/gm)].map(([, line = '']) => line);
    expect(said(shown.join('\n'))).toBe(said(lines.join('\n')));
    expect(gitea.labelsOf(ref)).toEqual(['coordinator/blocked']);
    expect(readme.text).toContain('`coordinator/blocked`');
  });
});

test('the map of the source names what is there, and all of it', () => {
  const page = readPage('docs/how-it-works.md').text;
  const rows = [...page.slice(page.indexOf('| `main.ts`')).matchAll(/^\| `([\w.-]+\/?)` /gm)];
  const present = readdirSync(inProject('src'), { withFileTypes: true }).map((entry) =>
    entry.isDirectory() ? `${entry.name}/` : entry.name,
  );
  expect(rows.map(([, name]) => name).sort()).toEqual(present.sort());
});

test.each([
  ['README.md', Object.values(exitCodes)],
  ['docs/operations.md', Object.values(exitCodes)],
  ['docs/setup.md', [...setupExitCodes, ...Object.values(doctorExitCodes)]],
])('%s lists the exit codes', (path, codes) => {
  const rows = [...readPage(path).text.matchAll(/^\| (\d+) +\|/gm)].map(([, code]) => Number(code));
  expect(rows).toEqual(codes);
});

test('the page on the API lists every route, and no other', async () => {
  const { app } = await startService();
  const routes = routesOf(app.printRoutes({ commonPrefix: false }));
  const rows = readPage('docs/api.md').text.matchAll(/^\| `([A-Z]+ \/[^`]*)`/gm);
  const listed = [...rows].map(([, route = '']) => route.replaceAll(/\{(\w+)\}/g, ':$1'));
  expect(listed.sort()).toEqual(routes.sort());
});

/** The routes in the tree that Fastify prints; the webhook answers all methods, to refuse them. */
function routesOf(tree: string): string[] {
  const above: string[] = [];
  return [...tree.matchAll(/^(.*)── (\S+) \(([^)]*)\)$/gm)].flatMap(
    ([, indent = '', part = '', methods = '']) => {
      const depth = Math.floor(indent.length / 4);
      above.splice(depth, Infinity, part);
      const path = above.join('');
      if (path.startsWith('/webhook/')) return [`POST ${path}`];
      return methods
        .split(', ')
        .filter((method) => method !== 'HEAD')
        .map((method) => `${method} ${path}`);
    },
  );
}

describe('the page on gates', () => {
  test('has a row for every gate, status and sandbox mode', () => {
    const rows = [...gatesPage.text.matchAll(/^\| `(\w+)` /gm)].map(([, name]) => name);
    expect(rows).toEqual([...gateNames, ...gateStatuses, ...sandboxModes]);
  });

  test('names every option that the command takes', async () => {
    const help = await helpOf('gates');
    const options = help.match(/(?<=^ +)--[a-z-]+/gm) ?? [];
    expect(options).toContain('--base');
    for (const option of options) expect(gatesPage.text).toContain(option);
  });

  test('lists the exit codes that the help of the command lists', async () => {
    const help = await helpOf('gates');
    const codes = help.slice(help.indexOf('Exit codes:')).match(/\b\d+\b/g) ?? [];
    const rows = [...gatesPage.text.matchAll(/^\| ((?:\d+(?:, )?)+) +\|/gm)];
    expect(rows.flatMap(([, row = '']) => row.split(', '))).toEqual(codes);
  });

  test('shows the library that the package offers, built from a file that is there', () => {
    expect(gatesPage.text).toContain("from 'mosaic-coordinator/gates'");
    expect(Object.keys(exports)).toEqual(['./gates']);
    for (const { default: built } of Object.values(exports)) {
      const source = built.replace('./dist/', 'src/').replace(/\.js$/, '.ts');
      expect(existsSync(inProject(source))).toBe(true);
    }
  });
});
