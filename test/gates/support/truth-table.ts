import { readFileSync } from 'node:fs';
import { readdir, readlink, rm } from 'node:fs/promises';
import path from 'node:path';

import Table from 'cli-table3';
import semver from 'semver';
import { z } from 'zod';

import type { GateName } from '../../../src/gates/names.ts';
import { GatesError } from '../../../src/gates/gates-error.ts';
import type { GatesReport, SandboxMode } from '../../../src/gates/report.ts';
import { runGates } from '../../../src/gates/run-gates.ts';
import { makeProject } from './make-project.ts';
import type { Project } from './project.ts';

export interface Row {
  readonly project: string;
  readonly sandbox: SandboxMode;
  readonly gate: GateName;
  readonly expected: string;
  readonly got: string;
  readonly message: string;
}

export interface Conditions {
  /** Where the tools are. */
  readonly nodeModules: string;
  readonly sandbox: SandboxMode;
}

export interface Checked {
  readonly rows: readonly Row[];
  /** Ids of processes that outlived the check. */
  readonly survivors: readonly string[];
  /** Gates that took more than 2 s beyond their deadline. */
  readonly late: readonly GateName[];
  /** True when the sandbox does not start on this machine. */
  readonly untested: boolean;
}

/** Runs the gates of a project that its row is about. */
export async function checkProject(project: Project, conditions: Conditions): Promise<Checked> {
  const { root, directory } = await makeProject(project, conditions.nodeModules);
  try {
    const report = await reportOn(project, directory, conditions);
    return {
      rows: gatesOf(project).map((gate) => toRow(project, gate, { conditions, report })),
      survivors: await processesIn(root),
      late: lateIn(report, timeoutOf(project)),
      untested: report instanceof GatesError,
    };
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

async function reportOn(project: Project, directory: string, conditions: Conditions) {
  const { sandbox, nodeModules } = conditions;
  try {
    return await runGates({
      directory,
      gates: gatesOf(project),
      sandbox,
      timeoutMs: timeoutOf(project),
      concurrency: 2,
      ...(project.committed && { configFrom: 'HEAD' }),
      // The links in the project lead out of what a sandbox shows.
      ...(sandbox !== 'none' && { toolsFrom: path.dirname(nodeModules) }),
    });
  } catch (error) {
    if (error instanceof GatesError && error.code === 'gates_sandbox_unavailable') return error;
    throw error;
  }
}

const timeoutOf = (project: Project) => project.timeoutMs ?? 60_000;

function lateIn(report: GatesReport | GatesError, timeoutMs: number): GateName[] {
  if (report instanceof GatesError) return [];
  const late = report.gates.filter(({ durationMs }) => durationMs > timeoutMs + 2000);
  return late.map(({ gate }) => gate);
}

function toRow(
  project: Project,
  gate: GateName,
  {
    conditions,
    report,
  }: { readonly conditions: Conditions; readonly report: GatesReport | GatesError },
): Row {
  const result =
    report instanceof GatesError ? undefined : report.gates.find((found) => found.gate === gate);
  return {
    project: project.name,
    sandbox: conditions.sandbox,
    gate,
    expected: project.expected[gate] ?? 'not run',
    got: result?.status ?? 'not tested',
    message: report instanceof GatesError ? report.message : (result?.message ?? ''),
  };
}

/** True when the tools of this directory have the versions that the row is about. */
export function isAbout({ requires = {} }: Project, nodeModules: string): boolean {
  return Object.entries(requires).every(([name, range]) => {
    const manifest = readFileSync(path.join(nodeModules, name, 'package.json'), 'utf8');
    const { version } = z.object({ version: z.string() }).parse(JSON.parse(manifest));
    return semver.satisfies(version, range, { includePrerelease: true });
  });
}

function gatesOf({ expected }: Project): GateName[] {
  const all = ['build', 'lint', 'test', 'coverage'] as const;
  return all.filter((gate) => expected[gate] !== undefined);
}

/** What still runs in a directory: every tool is started there, and children stay unless they move. */
async function processesIn(root: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    const place = await readlink(`/proc/${pid}/cwd`).catch(() => '');
    if (place === root || place.startsWith(`${root}/`)) found.push(pid);
  }
  return found;
}

/** Expected against got, for a person. */
export function renderTable(rows: readonly Row[]): string {
  const table = new Table({
    head: ['project', 'sandbox', 'gate', 'expected', 'got', '', 'message'],
    style: { head: [], border: [], compact: true },
    colWidths: [50, 9, 10, 10, 12, 4, 70],
  });
  for (const { project, sandbox, gate, expected, got, message } of rows) {
    const mark = got === 'not tested' ? '-' : expected === got ? 'ok' : 'NO';
    table.push([project, sandbox, gate, expected, got, mark, message]);
  }
  return table.toString();
}
