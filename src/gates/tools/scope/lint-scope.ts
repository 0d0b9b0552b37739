import { copyFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { z } from 'zod';

import type { Checkout, Verdict } from '../../gate.ts';
import { parseReport } from '../reports.ts';
import type { FileScope, ScopeQuestion } from './eslint-formatter.ts';
import { packageOf, readPackages, type Packages } from './packages.ts';
import { counted } from '../../counted.ts';
import {
  busiestFolder,
  isConfiguration,
  isNamedBy,
  isProduct,
  isSource,
  languageOf,
} from './sources.ts';

/** The code of a project that eslint could look at. */
export interface LintProject {
  readonly packages: Packages;
  /** Code of the product and its tests, without configuration of tools. */
  readonly code: readonly string[];
  /** Code that is left out: by the gates file, or as no part of the product. */
  readonly leftOut: number;
}

/** Reads which code eslint could look at. */
export async function lintProject(checkout: Checkout): Promise<LintProject> {
  const { directory, options } = checkout;
  const files = await checkout.files();
  const packages = await readPackages(files, (file) =>
    checkout.readReport(path.join(directory, file), 0),
  );
  const { ignore, paths = ['.'] } = options.lint;
  const all = files.filter((file) => languageOf(file) !== undefined && !isConfiguration(file));
  const code = all.filter(
    (file) =>
      isProduct(file) &&
      packages.own.has(packageOf(file, packages)) &&
      isNamedBy(file, paths) &&
      !isNamedBy(file, ignore),
  );
  return { packages, code, leftOut: all.length - code.length };
}

/** Puts the formatter beside its question; its path is returned. */
export async function placeFormatter(scratch: string, question: ScopeQuestion): Promise<string> {
  // The built gates hold it as JavaScript. Node reads both, by the ending.
  const ending = path.extname(import.meta.filename);
  const source = path.join(import.meta.dirname, `eslint-formatter${ending}`);
  const target = path.join(scratch, `formatter${ending.replace('.', '.m')}`);
  await copyFile(source, target);
  await writeFile(path.join(scratch, 'question.json'), JSON.stringify(question));
  return target;
}

const scopes = ['ruled', 'bare', 'ignored', 'unmatched'] as const satisfies readonly FileScope[];
const answer = z.union([
  z.object({ files: z.record(z.string(), z.enum(scopes)) }),
  z.object({ problem: z.string() }),
]);
export type LintScope = Readonly<Record<string, FileScope>>;

/** Reads what the formatter wrote beside the report: the scope of each file, or why there is none. */
export function parseScope(text: string): LintScope | string {
  const parsed = parseReport(text, answer);
  if (!parsed) return 'eslint left no answer';
  return 'files' in parsed ? parsed.files : parsed.problem;
}

/** Completes the verdict on the findings by that on what rules looked at. */
export function withLintScope(
  verdict: Verdict,
  project: LintProject,
  scope: LintScope | string,
): Verdict {
  if (verdict.status !== 'passed' && verdict.status !== 'failed') return verdict;
  const { code, leftOut } = project;
  // Findings do not fail it alone, so no baseline can make it pass.
  const unexplained = { ...verdict, faults: undefined };
  if (typeof scope === 'string') {
    return {
      ...unexplained,
      status: verdict.status === 'passed' ? 'error' : 'failed',
      message: `${verdict.message} What rules looked at could not be told: ${scope}.`,
    };
  }
  const unseen = code.filter((file) => scope[file] !== 'ruled');
  const details = {
    ...verdict.details,
    sources: code.length,
    sourcesByNoRule: unseen.length,
    sourcesLeftOut: leftOut,
  };
  if (unseen.length === 0) return { ...verdict, details };
  const told = `${unseen.length} of ${counted(code.length, 'source file')} ${unseen.length === 1 ? 'was' : 'were'} looked at by no rule (${reasons(unseen, scope)}), most in ${busiestFolder(unseen)}.`;
  const objection = objectionTo(project, scope);
  if (objection === undefined) {
    return { ...verdict, message: `${verdict.message} ${told}`, details };
  }
  const findings = verdict.status === 'failed' ? `${verdict.message} ` : '';
  return {
    ...unexplained,
    status: 'failed',
    message: `${findings}${objection}: ${told} ${cure}`,
    details,
  };
}

const cure =
  'Switch rules on for them in the configuration of eslint, or leave them out in .mosaic/gates.json (gates.lint.ignore).';

const reasonWords: Record<Exclude<FileScope, 'ruled'>, string> = {
  bare: 'no rule on',
  ignored: 'ignored',
  unmatched: 'no configuration for it',
};

function reasons(files: readonly string[], scope: LintScope): string {
  const kinds = ['unmatched', 'bare', 'ignored'] as const;
  return kinds
    .map((kind) => [files.filter((file) => (scope[file] ?? 'unmatched') === kind), kind] as const)
    .filter(([found]) => found.length > 0)
    .map(([found, kind]) => `${found.length} ${reasonWords[kind]}`)
    .join(', ');
}

/** Least share of the sources in JavaScript that makes it a language of the project, beside its scripts. */
const javaScriptShare = 0.2;

/** Why what rules looked at is not what the project holds; undefined when it is. */
function objectionTo({ packages, code }: LintProject, scope: LintScope): string | undefined {
  const own = code.filter(isSource);
  const sources = own.length > 0 ? own : code;
  const ruled = (files: readonly string[]) => files.filter((file) => scope[file] === 'ruled');
  if (ruled(sources).length === 0) return 'No rule looks at the sources';
  for (const language of ['TypeScript', 'JavaScript'] as const) {
    const inLanguage = sources.filter((file) => languageOf(file) === language);
    const least = language === 'JavaScript' ? javaScriptShare * sources.length : 1;
    if (inLanguage.length >= least && inLanguage.length > 0 && ruled(inLanguage).length === 0)
      return `No rule looks at ${language}`;
  }
  for (const name of packages.own) {
    const inPackage = sources.filter((file) => packageOf(file, packages) === name);
    if (name !== '.' && inPackage.length > 0 && ruled(inPackage).length === 0)
      return `No rule looks at the package ${name}`;
  }
  return ruled(sources).length * 2 < sources.length
    ? 'Rules look at less than half of the sources'
    : undefined;
}
