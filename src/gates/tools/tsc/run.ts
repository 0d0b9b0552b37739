import path from 'node:path';

import type { Checkout, Finding, Tool, ToolRun, Verdict } from '../../gate.ts';
import { lastWords, verdictOnEnd } from '../tool-verdict.ts';
import { parseTscBuildInfo, parseTscOutput, projectNotBuilt, type TscPlace } from './output.ts';
import { isAtLeast } from '../versions.ts';

export interface ProjectRun {
  /** Path of the tsconfig, relative to the directory. */
  readonly project: string;
  readonly run: ToolRun;
  readonly buildInfo: string | undefined;
  /** Directory of the build information, to which the names in it are relative. */
  readonly infoDirectory: string;
}

/** What a run says about its project. `obstacle`: tsc could not check it; `rule` is the code of the first reason. */
export type ProjectVerdict =
  | { readonly kind: 'stopped'; readonly verdict: Verdict }
  | { readonly kind: 'obstacle'; readonly rule: string | null; readonly verdict: Verdict }
  | {
      readonly kind: 'checked';
      readonly findings: readonly Finding[];
      readonly errors: number;
      /** Files of the project itself. */
      readonly files: number;
      /** All files of the program, relative to the directory. */
      readonly held: readonly string[];
    };

/** Runs tsc on one project without writing anything into it. */
export async function runTsc(
  checkout: Checkout,
  tool: Tool,
  { place, project }: { readonly place: TscPlace; readonly project: string },
): Promise<ProjectRun> {
  const infoDirectory = await checkout.scratch('build');
  const file = path.join(infoDirectory, 'tsbuildinfo');
  const run = await checkout.run(tool, [
    '--noEmit',
    '--pretty',
    'false',
    // Beside noEmit, TypeScript before 5.6 refuses it.
    '--emitDeclarationOnly',
    'false',
    // A tsconfig may switch the checking off; older versions do not know how.
    ...(isAtLeast(tool, '5.6.0') ? ['--noCheck', 'false'] : []),
    '--incremental',
    '--tsBuildInfoFile',
    file,
    '-p',
    place.directory === place.cwd ? project : path.join(place.directory, project),
  ]);
  const buildInfo = await checkout.readReport(file, run.startedAt);
  return { project, run, buildInfo, infoDirectory };
}

/** Reads one run. Exit codes 1 and 2 differ in meaning between compilers, so they count as one. */
export function judgeProject(place: TscPlace, projectRun: ProjectRun): ProjectVerdict {
  const { project, run, buildInfo, infoDirectory } = projectRun;
  const ended = verdictOnEnd('typescript', run);
  if (ended) return { kind: 'stopped', verdict: ended };
  const output = parseTscOutput(run.stdout, place);
  const [obstacle] = output.obstacles;
  if (obstacle) {
    const message = `tsc could not check ${project}: ${sentence(obstacle)}`;
    const findings = [...output.obstacles, ...output.findings];
    return obstacleOf(obstacle.rule, { status: 'error', message, findings });
  }
  const info = parseTscBuildInfo(buildInfo ?? '');
  const held = (info?.fileNames ?? []).map((name) =>
    path.relative(place.directory, path.resolve(infoDirectory, name)).replaceAll(path.sep, '/'),
  );
  if (output.findings.length > 0) {
    // The middle of a long output is lost; the build information counts all of the types.
    const errors = Math.max(output.findings.length, info?.errors ?? 0);
    const { findings } = output;
    return { kind: 'checked', findings, errors, files: info?.files ?? 0, held };
  }
  if (run.exitCode !== 0) {
    const message = `tsc could not check ${project}: ${lastWords(run)}`;
    return obstacleOf(null, { status: 'error', message });
  }
  if (!info || info.errors > 0) {
    const message = `tsc reported no error in ${project}, but its build information is ${info ? 'of errors' : 'missing or not readable'}.`;
    return obstacleOf(null, { status: 'error', message });
  }
  return { kind: 'checked', findings: [], errors: 0, files: info.files, held };
}

function obstacleOf(rule: string | null, verdict: Verdict): ProjectVerdict {
  return { kind: 'obstacle', rule, verdict };
}

function sentence({ rule, message }: Finding): string {
  const cure = cures[rule ?? ''];
  return `${rule ?? ''} ${message}${cure === undefined ? '' : ` ${cure}`}`;
}

/** What to do, where the words of tsc leave it open. */
const cures: Readonly<Record<string, string>> = {
  TS2688: 'Install it, or take it out of "types".',
  TS5023: 'This version of TypeScript does not know it: take it out, or install a newer one.',
  TS5058: 'Write one, or name the project in .mosaic/gates.json (gates.build.tsconfig).',
  TS5083:
    'A tsconfig extends or references it: create it, or name its build step in .mosaic/gates.json (build).',
  TS6053: 'A tsconfig names it: create it, or name its build step in .mosaic/gates.json (build).',
  [projectNotBuilt]:
    'The project references another whose output is not built: run npx tsc --build, or name it as a build step in .mosaic/gates.json (build).',
};
