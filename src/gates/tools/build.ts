import path from 'node:path';

import { parseExpression } from '@babel/parser';
import type { Node } from '@babel/types';

import type { Checkout, Gate, Tool, ToolRun, Verdict } from '../gate.ts';
import { memberOf } from '../integrity/syntax.ts';
import { lastWords, verdictOnEnd, withTool } from './tool-verdict.ts';
import { parseTscBuildInfo, parseTscOutput } from './tsc-output.ts';
import { isAtLeast } from './versions.ts';

/** The types are correct: `tsc --noEmit` on tsconfig.json and the projects it references. */
export const build: Gate = {
  name: 'build',
  check: (checkout) =>
    withTool(checkout, 'typescript', async (tool) => {
      const runs: ProjectRun[] = [];
      for (const project of await projectsOf(checkout)) {
        runs.push(await runTsc(checkout, tool, project));
      }
      return buildVerdict(checkout.directory, runs);
    }),
};

export interface ProjectRun {
  /** Path of the tsconfig, relative to the checkout. */
  readonly project: string;
  readonly run: ToolRun;
  readonly buildInfo: string | undefined;
}

/** The verdict on the runs of all projects. Exit codes 1 and 2 differ in meaning between compilers, so they count as one. */
export function buildVerdict(directory: string, runs: readonly ProjectRun[]): Verdict {
  const findings = [];
  let errors = 0;
  let files = 0;
  for (const { project, run, buildInfo } of runs) {
    const ended = verdictOnEnd('typescript', run);
    if (ended) return ended;
    const output = parseTscOutput(run.stdout, directory);
    const [obstacle] = output.obstacles;
    if (obstacle) {
      return {
        status: 'error',
        message: `tsc could not check ${project}: ${obstacle.rule ?? ''} ${obstacle.message}`,
        findings: [...output.obstacles, ...output.findings],
      };
    }
    const info = parseTscBuildInfo(buildInfo ?? '');
    if (output.findings.length > 0) {
      findings.push(...output.findings);
      // The middle of a long output is lost; the build information counts all of the types.
      errors += Math.max(output.findings.length, info?.errors ?? 0);
      continue;
    }
    if (run.exitCode !== 0) {
      return { status: 'error', message: `tsc could not check ${project}: ${lastWords(run)}` };
    }
    if (!info || info.errors > 0) {
      return {
        status: 'error',
        message: `tsc reported no error in ${project}, but its build information is ${info ? 'of errors' : 'missing or not readable'}.`,
      };
    }
    files += info.files;
  }
  if (findings.length > 0) {
    return {
      status: 'failed',
      message: `${errors} ${errors === 1 ? 'error' : 'errors'} found.`,
      details: { errors, projects: runs.length },
      findings,
    };
  }
  if (files === 0) {
    return { status: 'error', message: 'tsconfig.json names no file: there is nothing to check.' };
  }
  return {
    status: 'passed',
    message: `${files} ${files === 1 ? 'file' : 'files'} checked, no error.`,
    details: { errors: 0, files, projects: runs.length },
  };
}

/**
 * tsconfig.json and all projects it references, directly or not: `tsc -p` checks none of those, so a tsconfig
 * of references alone would pass with nothing checked.
 */
async function projectsOf(checkout: Checkout): Promise<readonly string[]> {
  const projects = ['tsconfig.json'];
  // The list grows during the loop; a project is added once.
  for (const project of projects) {
    const text = await checkout.readReport(path.join(checkout.directory, project), 0);
    for (const reference of tsconfigReferences(text ?? '')) {
      const target = path.join(path.dirname(project), reference);
      const file = target.endsWith('.json') ? target : path.join(target, 'tsconfig.json');
      if (!projects.includes(file)) projects.push(file);
    }
  }
  return projects;
}

async function runTsc(checkout: Checkout, tool: Tool, project: string): Promise<ProjectRun> {
  const file = path.join(await checkout.scratch('build'), 'tsbuildinfo');
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
    project,
  ]);
  return { project, run, buildInfo: await checkout.readReport(file, run.startedAt) };
}

/** The `references` of a tsconfig, as written there; empty for a text that is not one. */
export function tsconfigReferences(text: string): readonly string[] {
  let config: Node;
  try {
    // JSON with comments and trailing commas is a part of JavaScript.
    config = parseExpression(text);
  } catch {
    return [];
  }
  const references = memberOf(config, 'references');
  if (references?.type !== 'ArrayExpression') return [];
  return references.elements.flatMap((element) => {
    const path = element && memberOf(element, 'path');
    return path?.type === 'StringLiteral' ? [path.value] : [];
  });
}
