import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { execa } from 'execa';

import { proposeGatesFile } from '../../../src/gates/gates-file/init/init.ts';
import { gatesFilePath } from '../../../src/gates/gates-file/schema.ts';
import type { GateResult } from '../../../src/gates/gate.ts';
import { runGates } from '../../../src/gates/run-gates.ts';
import type { Expected, Preset } from '../presets/preset.ts';
import type { Tree } from './proposed.ts';

/** A gate of one state of a preset. */
export interface PresetRow {
  readonly preset: string;
  readonly tree: string;
  readonly gate: string;
  readonly expected: string;
  /** Status and message, with ` (exit code)` when no report was read. */
  readonly got: string;
  readonly ok: boolean;
  readonly seconds: number;
}

const timeoutMs = 300_000;

/** Writes the project, its lockfiles and the proposed gates file, and runs all gates on each of its trees. */
export async function runPreset(preset: Preset): Promise<readonly PresetRow[]> {
  const root = await mkdtemp(path.join(await realpath(tmpdir()), `gates-preset-`));
  try {
    await writeTree(root, preset.files);
    for (const command of preset.locks) await execa({ cwd: root, shell: true })(command);
    const { file } = await proposeGatesFile(root);
    await writeTree(root, { [gatesFilePath]: file, '.gitignore': 'node_modules\n.venv\ntarget\n' });
    const rows: PresetRow[] = [];
    for (const tree of preset.trees) rows.push(...(await runTree({ root, preset, tree })));
    return rows;
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

async function runTree({
  root,
  preset,
  tree,
}: {
  readonly root: string;
  readonly preset: Preset;
  readonly tree: Preset['trees'][number];
}): Promise<readonly PresetRow[]> {
  const directory = await mkdtemp(path.join(path.dirname(root), 'gates-preset-tree-'));
  try {
    await execa`cp -a ${root}/. ${directory}`;
    await writeTree(directory, tree.files);
    const git = execa({ cwd: directory });
    await git`git init --quiet`;
    const report = await runGates({ directory, timeoutMs, overallTimeoutMs: 2 * timeoutMs });
    const names = [
      ...new Set([...report.gates.map(({ gate }) => gate), ...Object.keys(tree.expected)]),
    ];
    return names.map((gate) => {
      const result = report.gates.find((each) => each.gate === gate);
      const expected = tree.expected[gate];
      return {
        ...{ preset: preset.name, tree: tree.name, gate },
        expected: expected === undefined ? '-' : [expected.status, expected.seen].join(' ').trim(),
        got: result === undefined ? 'no such gate' : shown(result),
        ok:
          expected === undefined
            ? gate !== 'prepare' || result?.passed === true
            : holds(result, expected),
        seconds: Math.round((result?.durationMs ?? 0) / 1_000),
      };
    });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function shown({ status, judgedBy, message }: GateResult): string {
  return `${status}${judgedBy === 'exit_code' ? ' (exit code)' : ''} ${message.replaceAll(/\s+/g, ' ').slice(0, 120)}`;
}

function holds(result: GateResult | undefined, { status, seen }: Expected): boolean {
  if (result?.status !== status) return false;
  const places = result.findings.map(({ file, line }) => `${file}:${line}`);
  const texts = [result.message, ...places, ...result.findings.map(({ message }) => message)];
  return seen === undefined || texts.some((text) => text.includes(seen));
}

async function writeTree(root: string, tree: Tree): Promise<void> {
  for (const [file, content] of Object.entries(tree)) {
    const target = path.join(root, file);
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(target, typeof content === 'string' ? content : JSON.stringify(content));
  }
}
