import path from 'node:path';

import type { Checkout, ToolRun } from '../../../src/gates/gate.ts';
import { ToolMissing } from '../../../src/gates/tools/missing-tool.ts';
import { noGatesFile } from '../../../src/gates/gates-file/parse-gates-file.ts';
import { madeRun } from './made-run.ts';

/** What a run of a tool leaves behind: its end, and files by the end of their name. */
export interface Left extends Partial<ToolRun> {
  readonly files?: Readonly<Record<string, string>>;
}

/** A checkout whose tools do as they are told, one after the other; what they were asked is kept. */
export function fakeCheckout(
  runs: readonly Left[],
  files: Readonly<Record<string, string>> = {},
  version = '5.1.1',
) {
  const asked: (readonly string[])[] = [];
  let left: Left = {};
  const checkout: Checkout = {
    directory: '/repo',
    root: '/repo',
    origin: '/repo',
    base: undefined,
    options: noGatesFile.options,
    network: true,
    files: () => Promise.resolve(Object.keys(files).map((file) => path.relative('/repo', file))),
    thresholds: { lines: 85, statements: 85, functions: 85, branches: 85 },
    tool: (name) =>
      runs.length === 0
        ? Promise.reject(new ToolMissing(`${name} is not installed.`))
        : Promise.resolve({ name, version, entry: `/tools/${name}` }),
    scratch: (name) => Promise.resolve(`/scratch/${name}`),
    run: (_, args) => {
      left = runs[asked.length] ?? {};
      asked.push(args);
      return Promise.resolve(madeRun(left));
    },
    runCommand: () => Promise.reject(new Error('There are no commands in this test.')),
    readReport: (file) => Promise.resolve(files[file] ?? left.files?.[path.basename(file)]),
    testRun: () => Promise.reject(new ToolMissing('vitest is not installed.')),
    signal: new AbortController().signal,
  };
  return { checkout, asked };
}
