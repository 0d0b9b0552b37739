import { posix } from 'node:path';

import type { Node } from '@babel/types';
import { parse as parseToml } from 'smol-toml';
import { parse as parseYaml } from 'yaml';

import { parseJson } from '../syntax.ts';
import { diffSyntax, type Edit } from './syntax-diff.ts';

/** A file that holds configuration of the gates among other things. */
interface DataFile {
  readonly parse: (text: string) => unknown;
  /** The rule that an edit of this key breaks; undefined for other things. */
  readonly ruleOf: (path: readonly string[]) => string | undefined;
}

export interface DataEdit {
  readonly edit: Edit;
  readonly rule: string;
}

/** True for a file that is compared key by key, because only some of its keys are about gates. */
export function isDataFile(path: string): boolean {
  return dataFiles.has(posix.basename(path));
}

/** The edits of its keys that are about gates; undefined when a side cannot be read. */
export function dataEdits(path: string, before: string, after: string): DataEdit[] | undefined {
  const file = dataFiles.get(posix.basename(path));
  const [old, now] = [treeOf(before, file), treeOf(after, file)];
  if (!file || !old || !now) return undefined;
  return diffSyntax(old, now).flatMap((edit) => {
    const rule = file.ruleOf(edit.path);
    return rule === undefined ? [] : [{ edit, rule }];
  });
}

/** The values of the file as a syntax tree, which is what is compared. */
function treeOf(text: string, file: DataFile | undefined): Node | undefined {
  try {
    const value: unknown = file?.parse(text) ?? {};
    return parseJson(
      JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? `${each}` : each)),
    );
  } catch {
    return undefined;
  }
}

const edited = 'gate-config-edited';
const overridden = 'dependency-overridden';

/** Tools whose section of pyproject.toml, setup.cfg or tox.ini is configuration of a gate. */
const pythonTools =
  /^(pytest|ruff|mypy|coverage|pyright|basedpyright|pylint|flake8|tox|nox|poe|taskipy)$/;

const dataFiles: ReadonlyMap<string, DataFile> = new Map<string, DataFile>([
  [
    'pyproject.toml',
    {
      parse: (text) => parseToml(text),
      ruleOf: ([top = '', tool = '', key = '']) => {
        if (top !== 'tool') return undefined;
        if (pythonTools.test(tool)) return edited;
        return tool === 'uv' && /^(sources|index|override-dependencies)$/.test(key)
          ? overridden
          : undefined;
      },
    },
  ],
  [
    'Cargo.toml',
    {
      parse: (text) => parseToml(text),
      ruleOf: (path) => {
        const [top = '', second = ''] = path;
        if (top === 'patch' || top === 'replace') return overridden;
        const isLints = top === 'lints' || (top === 'workspace' && second === 'lints');
        const isTests = path.some((key) => /^(test|doctest|harness|autotests)$/.test(key));
        return isLints || isTests ? edited : undefined;
      },
    },
  ],
  [
    'pnpm-workspace.yaml',
    {
      parse: (text): unknown => parseYaml(text, { maxAliasCount: 100 }),
      ruleOf: ([top = '']) => (pnpmSections.test(top) ? overridden : undefined),
    },
  ],
  ['setup.cfg', { parse: parseIni, ruleOf: iniRule }],
  ['tox.ini', { parse: parseIni, ruleOf: iniRule }],
]);

/** What pnpm replaces, patches and lets run when it installs. */
export const pnpmSections =
  /^(overrides|patchedDependencies|packageExtensions|onlyBuiltDependencies|allowBuilds|dangerouslyAllowAllBuilds|configDependencies|pnpmfile|registries?)$/;

function iniRule([section = '']: readonly string[]): string | undefined {
  const [, tool = ''] = /^(?:tool:)?(\w+)/.exec(section) ?? [];
  return pythonTools.test(tool) || section.startsWith('testenv') ? edited : undefined;
}

/** Sections with their lines; comments and blank lines do not count. */
function parseIni(text: string): Record<string, readonly string[]> {
  const sections = new Map<string, string[]>();
  let lines: string[] = [];
  for (const line of text.split('\n')) {
    const [, name] = /^\[([^\]]+)\]/.exec(line) ?? [];
    if (name !== undefined) sections.set(name, (lines = sections.get(name) ?? []));
    else if (!/^\s*([#;].*)?$/.test(line)) lines.push(line.trim());
  }
  return Object.fromEntries(sections);
}
