/**
 * A formatter of ESLint, which runs it in its own process: a copy of this file is put into a private directory
 * beside `question.json`. It writes the report that the formatter `json` writes, and to `scope.json` what rules
 * looked at. ESLint 8.0 does not wait for a formatter, so the second file is written apart. Imports nothing of
 * the project, because the copy is alone.
 */

import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative, resolve, sep } from 'node:path';

/** What the gate wants to know. */
export interface ScopeQuestion {
  /** Directory of the package eslint. */
  readonly eslint: string;
  /** True when it reads .eslintrc. */
  readonly eslintrc: boolean;
  readonly directory: string;
  /** Relative to the directory. */
  readonly files: readonly string[];
}

/**
 * `ruled`: at least one rule was on. `bare`: eslint read it, and no rule was on. `ignored`: by a pattern.
 * `unmatched`: no configuration is for it.
 */
export type FileScope = 'ruled' | 'bare' | 'ignored' | 'unmatched';

interface LintResult {
  readonly filePath: string;
  readonly messages: readonly object[];
  readonly errorCount: number;
  readonly warningCount: number;
}

interface Linter {
  readonly isPathIgnored: (path: string) => Promise<boolean>;
  readonly calculateConfigForFile: (path: string) => Promise<unknown>;
}

/** Called by ESLint with all its results. */
export function format(results: readonly LintResult[]): string {
  void writeScope(results);
  return reportOf(results);
}

/** What the formatter `json` writes, without what nobody reads. */
export function reportOf(results: readonly LintResult[]): string {
  return JSON.stringify(
    results.map(({ filePath, messages, errorCount, warningCount }) => ({
      ...{ filePath, messages, errorCount, warningCount },
    })),
  );
}

async function writeScope(results: readonly LintResult[]): Promise<void> {
  const answer = join(import.meta.dirname, 'scope.json');
  let text: string;
  try {
    const question = readFileSync(join(import.meta.dirname, 'question.json'), 'utf8');
    text = JSON.stringify({ files: await scopeOf(results, JSON.parse(question)) });
  } catch (error) {
    text = JSON.stringify({ problem: String(error).slice(0, 300) });
  }
  writeFileSync(`${answer}.part`, text);
  renameSync(`${answer}.part`, answer);
}

/** What rules looked at, of the files in the question. Rejects for a question that is none. */
export async function scopeOf(
  results: readonly Pick<LintResult, 'filePath'>[],
  question: unknown,
): Promise<Record<string, FileScope>> {
  if (!isQuestion(question)) throw new Error('question.json holds no question');
  const { directory, files } = question;
  const linter = createLinter(question);
  const linted = new Set(
    results.map(({ filePath }) => relative(directory, filePath).replaceAll(sep, '/')),
  );
  const answer: Record<string, FileScope> = {};
  for (const file of files) {
    const path = resolve(directory, file);
    if (linted.has(file))
      answer[file] = hasRule(await linter.calculateConfigForFile(path)) ? 'ruled' : 'bare';
    else answer[file] = (await linter.isPathIgnored(path)) ? 'ignored' : 'unmatched';
  }
  return answer;
}

/** ESLint 8 has a class for each kind of configuration; before 8.57 the new one is not public. */
function createLinter({ eslint, eslintrc, directory }: ScopeQuestion): Linter {
  const require = createRequire(join(eslint, 'package.json'));
  const api: unknown = require(eslint);
  const hidden: unknown = eslintrc ? undefined : require(join(eslint, 'lib/unsupported-api.js'));
  const Linter = memberOf(hidden, 'FlatESLint') ?? memberOf(api, 'ESLint');
  const linter: unknown =
    typeof Linter === 'function' ? Reflect.construct(Linter, [{ cwd: directory }]) : undefined;
  if (!isLinter(linter)) throw new Error('this eslint cannot be asked what it lints');
  return linter;
}

function hasRule(config: unknown): boolean {
  const rules = memberOf(config, 'rules');
  if (typeof rules !== 'object' || rules === null) return false;
  return Object.values(rules).some((entry: unknown) => {
    const severity: unknown = Array.isArray(entry) ? entry[0] : entry;
    return severity !== 0 && severity !== 'off';
  });
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function isLinter(value: unknown): value is Linter {
  return (
    typeof memberOf(value, 'isPathIgnored') === 'function' &&
    typeof memberOf(value, 'calculateConfigForFile') === 'function'
  );
}

function isQuestion(value: unknown): value is ScopeQuestion {
  return (
    typeof memberOf(value, 'eslint') === 'string' &&
    typeof memberOf(value, 'eslintrc') === 'boolean' &&
    typeof memberOf(value, 'directory') === 'string' &&
    Array.isArray(memberOf(value, 'files'))
  );
}

// ESLint imports a formatter, or requires it when it reads .eslintrc.
export { format as default, format as 'module.exports' };
