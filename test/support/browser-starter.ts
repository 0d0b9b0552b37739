import { createServer } from 'node:http';

import type { BrowserServer } from 'playwright-core';
import type { TestProject } from 'vitest/node';

import { readEnvironment } from '../../src/config.ts';
import { findChromium, launchChromium } from './chromium.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Address that starts the browser and answers with where it listens; undefined: there is none. */
    browser: string | undefined;
  }
}

/** One browser for a run of the tests; it starts when the first test wants it. */
export default async function offerBrowser(project: TestProject) {
  const found = findChromium();
  if (found === undefined) {
    const line = `no Chromium for ${process.platform}-${process.arch} in node_modules/@sparticuz/chromium, and none on the PATH`;
    // What CI skips is never seen to fail.
    const isCi = readEnvironment()['CI'] === 'true';
    if (isCi && process.platform === 'linux' && process.arch === 'x64')
      throw new Error(`There is ${line}; npm ci brings it.`);
    process.stdout.write(`The tests with a browser are skipped: there is ${line}.\n`);
    project.provide('browser', undefined);
    return undefined;
  }
  let started: Promise<BrowserServer> | undefined;
  const starter = createServer((_, response) => {
    started ??= launchChromium(found);
    started.then(
      (browser) => response.end(browser.wsEndpoint()),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  project.provide('browser', await listen(starter));
  return async () => {
    starter.closeAllConnections();
    starter.close();
    await (await started?.catch(() => undefined))?.close();
  };
}

function listen(server: ReturnType<typeof createServer>): Promise<string> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(`http://127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}/`);
    });
  });
}
