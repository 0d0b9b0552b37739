import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { createCheckouts, type CheckoutParts } from '../../../src/gates/checkout/checkout.ts';
import { noGatesFile } from '../../../src/gates/gates-file/parse-gates-file.ts';
import type { Checkout, Tool } from '../../../src/gates/gate.ts';
import { openSandbox } from '../../../src/gates/process/sandbox.ts';
import { temporaryDirectory } from '../../support/service.ts';

export const neverAborted = new AbortController().signal;

/** Writes files by their paths below a directory. */
export function writeFiles(directory: string, files: Readonly<Record<string, string>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), content);
  }
}

/** A checkout of these files, with the means to run a script of it in place of a tool. */
export async function openCheckout(
  files: Readonly<Record<string, string>>,
  {
    mode = 'none',
    ...parts
  }: Partial<CheckoutParts> & { readonly mode?: 'none' | 'unshare' | 'bwrap' } = {},
) {
  const directory = temporaryDirectory();
  const privateDirectory = temporaryDirectory();
  writeFiles(directory, files);
  const enter = createCheckouts({
    directory,
    privateDirectory,
    writable: [],
    readOnly: [directory],
    root: directory,
    origin: directory,
    base: undefined,
    options: noGatesFile.options,
    files: () => Promise.resolve(Object.keys(files)),
    thresholds: { lines: 85, statements: 85, functions: 85, branches: 85 },
    network: false,
    commands: {
      caller: {},
      passEnvironment: [],
      cacheDirectory: join(privateDirectory, 'cache'),
      home: join(privateDirectory, 'home'),
      root: directory,
      toolsFrom: undefined,
    },
    sandbox: await openSandbox(mode, { privateDirectory, signal: neverAborted }),
    findTool: () => Promise.reject(new Error('There are no tools in this test.')),
    runTests: () => Promise.reject(new Error('There are no tests in this test.')),
    ...parts,
  });
  const checkout: Checkout = await enter({ gate: 'test', timeoutMs: 5_000, signal: neverAborted });
  const script = (name: string): Tool => ({
    name: 'vitest',
    version: '0.0.0',
    entry: join(directory, name),
  });
  return { checkout, script, directory, enter };
}
