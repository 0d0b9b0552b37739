import path, { posix } from 'node:path';

import type { Checkout, Finding, Gate, Tool, Verdict } from '../gate.ts';
import { typeScriptFiles, withBuildScope, type TypeScriptFiles } from './scope/build-scope.ts';
import { packageOf, readPackages, type Packages } from './scope/packages.ts';
import { counted } from '../counted.ts';
import { isConfiguration, isNamedBy, isProduct, isSource, languageOf } from './scope/sources.ts';
import { withTool } from './tool-verdict.ts';
import { buildCopy } from './tsc/built-copy.ts';
import { projectNotBuilt, type TscPlace } from './tsc/output.ts';
import { reachedFrom, tsconfigExclude, type Reached } from './tsc/projects.ts';
import { judgeProject, runTsc, type ProjectVerdict } from './tsc/run.ts';

/**
 * The types are correct: `tsc --noEmit` on tsconfig.json, the projects it references, and those of the project's
 * packages that it forgot. Files that none of them holds are counted.
 */
export const build: Gate = {
  name: 'build',
  async check(checkout) {
    const project = await typeScriptProject(checkout);
    if (project.roots.length + project.others.length === 0) {
      return {
        status: 'skipped',
        counts: false,
        message: 'The project holds no TypeScript: no tsconfig.json and no TypeScript file.',
      };
    }
    return withTool(checkout, 'typescript', (tool) => checkWith(checkout, tool, project));
  },
};

/** The projects of a checkout before anything is run. */
interface TypeScriptProject extends TypeScriptFiles {
  /** The projects of the gates file, or tsconfig.json; empty when there is none and no file for it. */
  readonly roots: readonly string[];
  readonly reached: readonly Reached[];
  /** Projects with sources that no root reaches or excludes, in packages of the project; outer ones first. */
  readonly others: readonly string[];
  readonly packages: Packages;
  /** Globs that tsconfig.json excludes. */
  readonly excluded: readonly string[];
}

async function typeScriptProject(checkout: Checkout): Promise<TypeScriptProject> {
  const files = await checkout.files();
  const { tsconfig, ignore } = checkout.options.build;
  const readText = textReader(checkout);
  const isThere = (await readText('tsconfig.json')) !== undefined;
  const given = (tsconfig ?? (isThere ? ['tsconfig.json'] : [])).map(asProject);
  const reached = await reachedFrom(given, readText);
  const packages = await readPackages(files, readText, packagesBeside(reached, files));
  const known = new Set(reached.map(({ project }) => project));
  // Tests and scripts often have a project that only an editor reads, and that needs what a build writes.
  const excluded = tsconfigExclude((await readText('tsconfig.json')) ?? '');
  const sources = files.filter(
    (file) => languageOf(file) === 'TypeScript' && isSource(file) && !isNamedBy(file, excluded),
  );
  const others = files.filter(
    (file) =>
      tsconfig === undefined &&
      posix.basename(file) === 'tsconfig.json' &&
      !known.has(file) &&
      isProduct(file) &&
      !isNamedBy(file, ignore) &&
      packages.own.has(packageOf(file, packages)) &&
      sources.some((source) => isBelow(source, posix.dirname(file))),
  );
  const depth = (file: string) => file.split('/').length;
  const typeScript = await typeScriptFiles(checkout);
  // Files without any tsconfig: tsc is to say so. A configuration of a tool is none of them.
  const missing =
    given.length + others.length === 0 && !typeScript.code.every(isConfiguration)
      ? ['tsconfig.json']
      : [];
  return {
    ...typeScript,
    roots: [...given, ...missing],
    reached: [...reached, ...missing.map((project) => ({ project, references: [] }))],
    others: others.toSorted((a, b) => depth(a) - depth(b)),
    packages,
    excluded,
  };
}

function isBelow(file: string, folder: string): boolean {
  return folder === '.' || file.startsWith(`${folder}/`);
}

function textReader({ directory, readReport }: Checkout) {
  return (file: string) => readReport(path.join(directory, file), 0);
}

/** The gates file may name a folder. */
function asProject(place: string): string {
  const project = posix.normalize(place);
  return project.endsWith('.json') ? project : posix.join(project, 'tsconfig.json');
}

/** Packages that references lead to, and those beside them: they are the project's, member of a workspace or not. */
function packagesBeside(reached: readonly Reached[], files: readonly string[]): readonly string[] {
  const folders = files
    .filter((file) => posix.basename(file) === 'package.json')
    .map((file) => posix.dirname(file));
  const inPackage = (folder: string, project: string) => project.startsWith(`${folder}/`);
  const named = folders.filter((folder) =>
    reached.some(({ project }) => inPackage(folder, project)),
  );
  const parents = new Set(named.map((folder) => posix.dirname(folder)).filter((at) => at !== '.'));
  return folders.filter((folder) => named.includes(folder) || parents.has(posix.dirname(folder)));
}

interface Checked {
  /** In the order of their runs. */
  readonly verdicts: readonly (ProjectVerdict & { readonly project: string })[];
  readonly held: ReadonlySet<string>;
  /** Why projects that none references could not be checked. */
  readonly obstacles: readonly string[];
}

async function checkWith(
  checkout: Checkout,
  tool: Tool,
  project: TypeScriptProject,
): Promise<Verdict> {
  const { directory } = checkout;
  let checked = await checkProjects(checkout, tool, {
    place: { cwd: directory, directory },
    project,
  });
  if (await dependsOnOutput(checkout, checked)) {
    const projects = [...project.roots, ...project.others];
    const place = await buildCopy(checkout, tool, projects);
    if ('status' in place) return place;
    checked = await checkProjects(checkout, tool, { place, project });
  }
  const { held, obstacles } = checked;
  return withBuildScope(buildVerdict(checked.verdicts, obstacles), { ...project, held, obstacles });
}

/** Runs tsc on the reached projects until one cannot be checked, then on the others that hold files of their own. */
async function checkProjects(
  checkout: Checkout,
  tool: Tool,
  { place, project }: { readonly place: TscPlace; readonly project: TypeScriptProject },
): Promise<Checked> {
  const held = new Set<string>();
  const obstacles: string[] = [];
  const verdicts: (ProjectVerdict & { project: string })[] = [];
  const isBuilt = place.cwd !== place.directory;
  const check = async (file: string) => {
    const verdict = judgeProject(place, await runTsc(checkout, tool, { place, project: file }));
    if (verdict.kind === 'checked') for (const name of verdict.held) held.add(name);
    return { ...verdict, project: file };
  };
  for (const { project: file } of project.reached) {
    const verdict = await check(file);
    // A base that others extend, which holds no file itself.
    if (file === 'tsconfig.json' && project.others.length > 0 && holdsNothing(verdict)) continue;
    verdicts.push(verdict);
    if (verdict.kind === 'stopped') break;
    // What it references has errors then, and was not built.
    if (verdict.kind === 'obstacle' && !(isBuilt && verdict.rule === projectNotBuilt)) break;
  }
  if (verdicts.some(({ kind }) => kind !== 'checked')) return { verdicts, held, obstacles };
  for (const other of project.others) {
    for (const { project: file } of await reachedFrom([other], textReader(checkout))) {
      const folder = posix.dirname(other);
      if (!project.code.some((name) => isBelow(name, folder) && !held.has(name))) continue;
      const verdict = await check(file);
      if (verdict.kind === 'obstacle' && verdict.rule !== projectNotBuilt)
        obstacles.push(verdict.verdict.message);
      else verdicts.push(verdict);
      if (verdict.kind === 'stopped') return { verdicts, held, obstacles };
    }
  }
  return { verdicts, held, obstacles };
}

const noInputs = ['TS18002', 'TS18003'];

function holdsNothing(verdict: ProjectVerdict): boolean {
  return verdict.kind === 'obstacle' && noInputs.includes(verdict.rule ?? '');
}

/**
 * True when a project reads what the build of another wrote: it is missing, or it is there and may be of an older
 * state. Such a file is a declaration that git does not have, or one in the folder of a referenced project that
 * this one does not hold itself.
 */
async function dependsOnOutput(checkout: Checkout, { verdicts }: Checked): Promise<boolean> {
  if (verdicts.some((verdict) => verdict.kind === 'obstacle' && verdict.rule === projectNotBuilt))
    return true;
  const files = new Set(await checkout.files());
  const held = new Map(
    verdicts.map((verdict) => [verdict.project, verdict.kind === 'checked' ? verdict.held : []]),
  );
  for (const { project, references } of await reachedFrom([...held.keys()], textReader(checkout))) {
    const foreign = references.map((reference) => ({
      folder: `${posix.dirname(reference)}/`,
      own: new Set(held.get(reference)),
    }));
    const isOutput = (file: string) =>
      /\.d\.[cm]?ts$/.test(file) &&
      !file.split('/').includes('node_modules') &&
      (!files.has(file) ||
        foreign.some(({ folder, own }) => file.startsWith(folder) && !own.has(file)));
    if (foreign.length > 0 && held.get(project)?.some(isOutput)) return true;
  }
  return false;
}

/** The verdict on all projects. */
export function buildVerdict(
  verdicts: readonly (ProjectVerdict & { readonly project: string })[],
  unchecked: Checked['obstacles'] = [],
): Verdict {
  const findings: Finding[] = [];
  const known = new Set<string>();
  let errors = 0;
  let files = 0;
  const obstacles: Verdict[] = [];
  for (const verdict of verdicts) {
    if (verdict.kind === 'stopped') return verdict.verdict;
    if (verdict.kind === 'obstacle') {
      if (verdict.rule !== projectNotBuilt) return verdict.verdict;
      obstacles.push(verdict.verdict);
      continue;
    }
    // Two projects may hold the same file.
    const fresh = verdict.findings.filter((finding) => !known.has(JSON.stringify(finding)));
    for (const finding of fresh) known.add(JSON.stringify(finding));
    findings.push(...fresh);
    errors += verdict.errors - (verdict.findings.length - fresh.length);
    files += verdict.files;
  }
  const [unbuilt] = obstacles;
  if (findings.length > 0) {
    const rest =
      obstacles.length === 0
        ? ''
        : ` ${counted(obstacles.length, 'project')} that ${obstacles.length === 1 ? 'depends' : 'depend'} on it could not be checked.`;
    return {
      status: 'failed',
      message: `${counted(errors, 'error')} found.${rest}`,
      ...(rest === '' ? { faults: errors } : {}),
      details: { errors, projects: verdicts.length },
      findings,
    };
  }
  if (unbuilt) return unbuilt;
  if (files === 0) {
    const why = ['tsconfig.json names no file: there is nothing to check.'];
    return { status: 'error', message: (unchecked.length > 0 ? unchecked : why).join(' ') };
  }
  return {
    status: 'passed',
    message: `${counted(files, 'file')} checked, no error.`,
    details: { errors: 0, files, projects: verdicts.length },
  };
}
