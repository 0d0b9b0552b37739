import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, posix } from 'node:path';

import { describe, expect, test } from 'vitest';
import { z } from 'zod';

import { runCommandLine } from '../src/cli/command-line.ts';
import { exitCodes } from '../src/cli/program.ts';
import { doctorExitCodes } from '../src/cli/doctor/finding.ts';
import { baselinePath } from '../src/gates/baseline/baseline.ts';
import { gateStatuses, toolNames } from '../src/gates/gate.ts';
import { parseGatesFile } from '../src/gates/gates-file/parse-gates-file.ts';
import { gatesFilePath } from '../src/gates/gates-file/schema.ts';
import * as library from '../src/gates/library.ts';
import { builtInGates } from '../src/gates/names.ts';
import { sandboxModes } from '../src/gates/report.ts';
import { checkVersion } from '../src/gates/tools/versions.ts';
import { checkVitestVersion } from '../src/gates/tools/vitest-flags.ts';
import { reasonSentences } from '../src/issue/reasons.ts';
import { warningSentences } from '../src/issue/warning-sentences.ts';
import {
  anchorsOf,
  blocksOf,
  helpOf,
  linksOf,
  pages,
  projectRoot,
  readPage,
  type Page,
} from './support/docs.ts';
import { stagePublishing } from './support/publishing.ts';
import { startService, temporaryDirectory } from './support/service.ts';

/** Done; something is left to do by hand; wrong configuration or command line. */
const setupExitCodes = [0, 1, 2];
const readme = readPage('README.md');
const gatesPage = readPage('docs/gates.md');
const named = pages.map((page) => [page.path, page] as const);
const inProject = (path: string) => join(projectRoot, path);
const { exports } = z
  .object({ exports: z.record(z.string(), z.object({ default: z.string() })) })
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
    const broken = [...files, '.env.example', 'compose.yaml', 'compose.postgres.yaml'].flatMap(
      (path) =>
        [...readPage(path).text.matchAll(/\bdocs\/[\w/-]+\.md(#[\w-]+)?/g)]
          .map(([link]) => link)
          .filter((link) => !leadsSomewhere(readme, link)),
    );
    expect(broken).toEqual([]);
  });

  test('are not needed to name a file: those named are there', () => {
    const paths = pages.flatMap(({ text }) =>
      [...text.matchAll(/`((?:src|test|bench|docs|\.\w+)\/[\w./-]*)`/g)].map(
        ([, path = '']) => path,
      ),
    );
    // These are files of the project under check.
    const claude = ['.claude/settings.json', '.claude/settings.local.json'];
    const codex = ['.codex/config.toml', '.codex/hooks.json'];
    const theirs = [gatesFilePath, baselinePath, '.venv/bin', ...claude, ...codex];
    const ours = paths.filter((path) => !theirs.includes(path));
    expect(ours.filter((path) => !existsSync(inProject(path)))).toEqual([]);
  });

  test('lead from the README to every page', () => {
    const links = [...linksOf(readme), ...decisionLinks(), ...gatesLinks()];
    const reached = new Set(links.map(withoutAnchor));
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

function gatesLinks(): string[] {
  const below = pages.filter(({ path }) => path.startsWith('docs/gates/'));
  return [gatesPage, ...below].flatMap((page) =>
    linksOf(page).map((link) => posix.join(posix.dirname(page.path), link)),
  );
}

function decisionLinks(): string[] {
  return linksOf(readPage('docs/decisions/README.md')).map((link) => `docs/decisions/${link}`);
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

  test('is the comment that Gitea gets, in docs/publishing.md', async () => {
    const { gitea, assigned } = await stagePublishing();
    await assigned('Measure the level');
    const ref = await assigned(heading.slice(2), body.join('\n'));
    const [comment] = gitea.commentsOf(ref);
    const [, ...lines] = comment?.body.split('\n') ?? [];
    const shown = [...readPage('docs/publishing.md').text.matchAll(/^> ?(.*)$/gm)].map(
      ([, line = '']) => line,
    );
    const told = lines.join('\n').replaceAll(gitea.url, 'https://git.example.test');
    expect(said(shown.join('\n'))).toBe(said(told));
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

test('the pages on the API and on pages list every route, and no other', async () => {
  const { app, coreApp } = await startService();
  const routes = [app, coreApp].flatMap((one) =>
    routesOf(one.printRoutes({ commonPrefix: false })),
  );
  const text = readPage('docs/api.md').text + readPage('docs/pages.md').text;
  const rows = text.matchAll(/^\| `([A-Z]+ \/[^`]*)`/gm);
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

test('the pages on states and planning name every reason', () => {
  const text = readPage('docs/how-it-works.md').text + readPage('docs/planning.md').text;
  const unnamed = Object.keys(reasonSentences).filter((code) => !text.includes(`\`${code}\``));
  expect(unnamed).toEqual([]);
});

test('the page on planning explains every warning', () => {
  const [, section = ''] = readPage('docs/planning.md').text.split('## Warnings');
  const cells = [...section.matchAll(/^\| (`[^|]*)\|/gm)].map(([, cell = '']) => cell).join();
  const explained = [...cells.matchAll(/`(\w+)`/g)].map(([, code]) => code);
  expect(explained.sort()).toEqual(Object.keys(warningSentences).sort());
});

describe('the pages on gates', () => {
  const commandLine = readPage('docs/gates/command-line.md');
  const trust = readPage('docs/gates/trust.md');

  test('have a row for every gate, status and sandbox mode', () => {
    const rowsOf = ({ text }: Page) => [...text.matchAll(/^\| `(\w+)` /gm)].map(([, name]) => name);
    expect(rowsOf(gatesPage)).toEqual([...builtInGates, ...gateStatuses]);
    expect(rowsOf(trust)).toEqual(sandboxModes);
  });

  test('name every option that the command takes', async () => {
    const help = await helpOf('gates');
    const options = help.match(/(?<=^ +)--[a-z-]+/gm) ?? [];
    expect(options).toContain('--base');
    const named = new Set(commandLine.text.match(/--[a-z-]+/g));
    expect(options.filter((option) => option !== '--help' && !named.has(option))).toEqual([]);
  });

  test('list the exit codes that the help of the command lists', async () => {
    const help = await helpOf('gates');
    const codes = help.slice(help.indexOf('Exit codes:')).match(/\b\d+\b/g) ?? [];
    const rows = [...commandLine.text.matchAll(/^\| ((?:\d+(?:, )?)+) +\|/gm)];
    expect(rows.flatMap(([, row = '']) => row.split(', '))).toEqual(codes);
  });

  test('name the oldest versions of tools that are run', () => {
    const { text } = readPage('docs/gates/built-in.md');
    const rows = [...text.matchAll(/^\| (TypeScript|ESLint|Vitest) +\| (\d+)\.(\d+) and newer/gm)];
    expect(rows).toHaveLength(3);
    for (const [, name = '', major = '', minor = ''] of rows) {
      const check = (version: string) => checkTool(name.toLowerCase(), version);
      const before =
        minor === '0' ? `${Number(major) - 1}.99.0` : `${major}.${Number(minor) - 1}.99`;
      expect(() => check(`${major}.${minor}.0`)).not.toThrow();
      expect(() => check(before)).toThrow(
        `install ${name.toLowerCase()} ${major}.${minor}.0 or newer`,
      );
    }
  });

  function checkTool(name: string, version: string): void {
    const known = toolNames.find((tool) => tool === name);
    if (known === undefined) throw new RangeError(name);
    const tool = { name: known, version, entry: '' };
    checkVersion(tool);
    if (known === 'vitest') checkVitestVersion(tool);
  }

  test('show a gates file that can be used', () => {
    const shown = blocksOf(readPage('docs/gates/gates-file.md'), 'json');
    expect(shown).toHaveLength(1);
    for (const text of shown) expect(parseGatesFile(text, 'the page').gates?.size).toBe(5);
  });

  test('show the library that the package offers, built from a file that is there', () => {
    const { text } = readPage('docs/gates/library.md');
    const names = text.match(
      /\b(default[A-Z]\w+|runGates|parseGatesFile|createRunGates|GatesError)\b/g,
    );
    expect(Object.keys(library)).toEqual(expect.arrayContaining([...new Set(names)]));
    expect(text).toContain("from 'mosaic-coordinator/gates'");
    expect(Object.keys(exports)).toEqual(['./gates']);
    for (const { default: built } of Object.values(exports)) {
      const source = built.replace('./dist/', 'src/').replace(/\.js$/, '.ts');
      expect(existsSync(inProject(source))).toBe(true);
    }
  });
});

test('the page on integrity names the rules that the code has', () => {
  const folder = join(projectRoot, 'src/gates/integrity');
  const code = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join(folder, file), 'utf8'))
    .join('\n');
  const page = readPage('docs/gates/integrity.md').text;
  const documented = [...page.matchAll(/`([a-z]+(?:-[a-z]+)+)`/g)].map(([, name = '']) => name);
  // Words of git and packages.
  const others = ['ls-files', 'merge-base', 'rev-parse', 'smol-toml'];
  const inCode = [...code.matchAll(/'([a-z]+(?:-[a-z]+)+)'/g)].map(([, name = '']) => name);
  const named = (name: string) => documented.includes(name) || documented.includes(`new-${name}`);
  expect(inCode.filter((name) => !named(name) && !others.includes(name))).toEqual([]);
  const isInCode = (name: string) => new RegExp(`\\b${name.replace(/^new-/, '')}\\b`).test(code);
  // The code writes `ts-(?:ignore|expect-error|nocheck)` and `tslint:disable`.
  const composed = ['new-ts-ignore', 'new-ts-expect-error', 'new-tslint-disable'];
  expect(documented.filter((name) => !composed.includes(name) && !isInCode(name))).toEqual([]);
});
