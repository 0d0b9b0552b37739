import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { runCommandLine } from '../../src/cli/command-line.ts';
import { startChild } from './process.ts';
import { temporaryDirectory } from './service.ts';

export interface Page {
  /** Below the root of the project, with `/`. */
  readonly path: string;
  readonly text: string;
}

const root = new URL('../../', import.meta.url);

export function readPage(path: string): Page {
  return { path, text: readFileSync(new URL(path, root), 'utf8') };
}

function pagesIn(folder: string): string[] {
  return readdirSync(new URL(folder, root))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${folder}${name}`);
}

/** All that people read about the project. */
export const pages: readonly Page[] = [
  ...['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'SECURITY.md'],
  ...pagesIn('docs/'),
  ...pagesIn('docs/decisions/'),
  ...pagesIn('docs/gates/'),
].map(readPage);

const fence = /^```(\w*)\n([^]*?)^```$/gm;

/** The code blocks of one language. */
export function blocksOf({ text }: Page, language: string): string[] {
  return [...text.matchAll(fence)]
    .filter(([, name]) => name === language)
    .map(([, , code = '']) => code);
}

function proseOf({ text }: Page): string {
  return text.replaceAll(fence, '');
}

/** Where the links of a page lead, as written; those to other servers left out. */
export function linksOf(page: Page): string[] {
  return [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^https?:/.test(target));
}

/** The anchors that Gitea and others give the headings of a page. */
export function anchorsOf(page: Page): string[] {
  return [...proseOf(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** What a page tells people to type: shell blocks, steps of a job, commands within a sentence. */
function scriptOf(page: Page): string {
  const steps = blocksOf(page, 'yaml').flatMap((code) => [...code.matchAll(/^ *- run: (.*)$/gm)]);
  const spans = [...proseOf(page).matchAll(/`((?:npm|node|docker) [^`\n]+)`/g)];
  return [
    ...blocksOf(page, 'sh'),
    ...[...steps, ...spans].map(([, command = '']) => `${command}\n`),
  ].join('');
}

/** Each writes down how it was called, and does nothing. */
const programs = ['npm', 'node', 'curl', 'docker', 'git', 'cp'];
const standIn = `#!/bin/sh
printf '%s\\036' "\${0##*/}" "$@" >> "$CALLS"
printf '\\035' >> "$CALLS"
`;

/**
 * Has a shell run the commands of a page with programs that only write down how they were called; returns
 * the calls. A placeholder such as \`<id>\` is a word.
 */
export async function callsOf(page: Page): Promise<string[][]> {
  const directory = temporaryDirectory();
  const path = join(directory, 'bin');
  mkdirSync(path);
  for (const name of programs) writeFileSync(join(path, name), standIn, { mode: 0o755 });
  writeFileSync(join(directory, 'issue.md'), '');
  const calls = join(directory, 'calls');
  writeFileSync(calls, '');
  const script = scriptOf(page).replaceAll(/<(\w+)>/g, '$1');
  const child = startChild({
    command: '/bin/sh',
    args: ['-c', `set -e\ncd() { :; }\n${script}`],
    environment: { PATH: path, CALLS: calls, MOSAIC_HEADERS: join(directory, 'headers') },
    directory,
  });
  const end = await child.exit();
  if (end.code !== 0) throw new Error(`The commands of ${page.path} fail: ${child.output.stderr}`);
  const records = readFileSync(calls, 'utf8').split('\x1d').slice(0, -1);
  return records.map((record) => record.split('\x1e').slice(0, -1));
}

export const projectRoot = fileURLToPath(root);

/** What `COMMAND --help` prints. */
export async function helpOf(command: string): Promise<string> {
  let help = '';
  const output = { write: (text: string) => (help += text) };
  const io = { stdout: output, stderr: output, environment: () => ({}) };
  await runCommandLine([command, '--help'], io);
  return help;
}
