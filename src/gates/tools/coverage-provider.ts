import { stat } from 'node:fs/promises';
import path from 'node:path';

import { z } from 'zod';

import type { Checkout, Tool, ToolRun, Verdict } from '../gate.ts';
import { ancestors } from './find-tool.ts';
import { parseReport } from './reports.ts';

/** Providers of coverage that vitest knows by name, in the order of preference when a project names none. */
export const coverageProviders = ['v8', 'istanbul'] as const;
export type CoverageProvider = (typeof coverageProviders)[number];

/** The providers that are installed where vitest looks for them: in the project, or beside itself. */
export async function installedProviders(
  directory: string,
  tool: Tool,
): Promise<readonly CoverageProvider[]> {
  const places = [...ancestors(directory), ...ancestors(path.dirname(tool.entry))];
  const installed = await Promise.all(
    coverageProviders.map(async (provider) => {
      const found = await Promise.all(
        places.map((place) => exists(path.join(place, 'node_modules', packageOf(provider)))),
      );
      return found.includes(true) ? [provider] : [];
    }),
  );
  return installed.flat();
}

const packageOf = (provider: CoverageProvider) => `@vitest/coverage-${provider}`;

async function exists(directory: string): Promise<boolean> {
  return stat(path.join(directory, 'package.json')).then(
    (stats) => stats.isFile(),
    () => false,
  );
}

/** The provider to measure with: the one that the project asks for, else one that is there. */
export function chooseProvider(
  installed: readonly CoverageProvider[],
  asked: string | undefined,
): CoverageProvider | undefined {
  return installed.find((provider) => provider === asked) ?? installed[0];
}

/** The verdict on a project with a provider that the gates cannot vouch for. */
export const customProvider: Verdict = {
  status: 'error',
  message:
    'The configuration asks for a coverage provider of its own (provider: custom), whose report is not known here: use v8 or istanbul.',
};

/** True when vitest could not load the provider: a package manager may keep it where vitest does not look. */
export function foundNoProvider({ stdout, stderr }: Pick<ToolRun, 'stdout' | 'stderr'>): boolean {
  return /(?:Failed to load url|Cannot find (?:dependency|package|module)) ['"]?@vitest\/coverage-/.test(
    `${stderr}\n${stdout}`,
  );
}

/** The verdict on a project without a provider: it either lacks what it names, or measures no coverage. */
export async function withoutProvider(checkout: Checkout, tool: Tool): Promise<Verdict> {
  const named = await namedProvider(checkout);
  const wanted = `${packageOf(named ?? 'v8')}@${tool.version}`;
  const cure = `${await addCommand(checkout)} ${wanted}`;
  return named === undefined
    ? {
        status: 'skipped',
        counts: false,
        message: `The project measures no coverage: it has no provider for vitest (${cure} would add one).`,
      }
    : {
        status: 'error',
        message: `package.json names ${packageOf(named)}, and it is not installed: run ${cure}.`,
      };
}

const names = z.record(z.string(), z.unknown()).optional();
const packageJson = z.object({
  dependencies: names,
  devDependencies: names,
  optionalDependencies: names,
  peerDependencies: names,
});

/** The provider that package.json names. */
async function namedProvider(checkout: Checkout): Promise<CoverageProvider | undefined> {
  const text = await checkout.readReport(path.join(checkout.directory, 'package.json'), 0);
  const found = Object.values(parseReport(text ?? '', packageJson) ?? {});
  return coverageProviders.find((provider) =>
    found.some((section) => section !== undefined && packageOf(provider) in section),
  );
}

/** Commands that add a package for development, by the lockfile of the package manager. */
const npmCommand = 'npm install --save-dev';
const addCommands = [
  ['package-lock.json', npmCommand],
  ['pnpm-lock.yaml', 'pnpm add --save-dev'],
  ['yarn.lock', 'yarn add --dev'],
  ['bun.lock', 'bun add --dev'],
  ['bun.lockb', 'bun add --dev'],
] as const;

async function addCommand({ directory }: Checkout): Promise<string> {
  for (const place of ancestors(directory)) {
    for (const [lockfile, command] of addCommands) {
      const stats = await stat(path.join(place, lockfile)).catch(() => undefined);
      if (stats?.isFile()) return command;
    }
  }
  return npmCommand;
}
