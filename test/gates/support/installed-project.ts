import { readFile } from 'node:fs/promises';

import { temporaryDirectory } from '../../support/service.ts';
import { writeFiles } from './checkout.ts';
import { fakeCheckout, type Left } from './fake-checkout.ts';

/** A directory with these files in which vitest does as it is told, and with the provider of coverage v8. */
export function installedProject(
  runs: readonly Left[],
  files: Readonly<Record<string, string>> = {},
  {
    version = '5.1.1',
    provider = true,
  }: { readonly version?: string; readonly provider?: boolean } = {},
) {
  const directory = temporaryDirectory();
  writeFiles(directory, {
    ...(provider && { 'node_modules/@vitest/coverage-v8/package.json': '{}' }),
    ...files,
  });
  const fake = fakeCheckout(runs, {}, version);
  const checkout: typeof fake.checkout = {
    ...fake.checkout,
    directory,
    readReport: async (file, notBefore) =>
      (await readFile(file, 'utf8').catch(() => undefined)) ??
      fake.checkout.readReport(file, notBefore),
  };
  return { ...fake, checkout, directory };
}
