import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { execa } from 'execa';
import { chromium, type BrowserServer } from 'playwright-core';

import { readEnvironment } from '../../src/config.ts';

/** A Chromium: one that is on the machine, or the one that npm brings, which has to be unpacked first. */
export type FoundChromium =
  { readonly kind: 'program'; readonly path: string } | { readonly kind: 'package' };

/** Where the Chromium of npm is kept once it is unpacked; 190 MB, and half a minute of a busy core. */
const kept = fileURLToPath(new URL('../../node_modules/.cache/chromium-147', import.meta.url));
const unpackMs = 120_000;
const launchMs = 60_000;
const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** `CHROMIUM`, the one of npm on Linux x64, or one on the `PATH`; undefined when there is none. */
export function findChromium(): FoundChromium | undefined {
  const environment = readEnvironment();
  const named = environment['CHROMIUM'];
  if (named !== undefined && named !== '') return { kind: 'program', path: named };
  const isPacked = process.platform === 'linux' && process.arch === 'x64';
  if (isPacked && existsSync(packed('bin/chromium.br'))) return { kind: 'package' };
  const folders = (environment['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const all = folders.flatMap((folder) => names.map((name) => join(folder, name)));
  const path = all.find((file) => existsSync(file));
  return path === undefined ? undefined : { kind: 'program', path };
}

function packed(file: string): string {
  return fileURLToPath(new URL(`../../node_modules/@sparticuz/chromium/${file}`, import.meta.url));
}

/** Starts it without a window; the caller closes it. */
export async function launchChromium(found: FoundChromium): Promise<BrowserServer> {
  if (found.kind === 'program') return launch(found.path);
  const folder = await unpack();
  const path = join(folder, 'chromium');
  // A machine without a desktop may lack libraries and fonts: npm brings these as well.
  return launch(path).catch(() =>
    launch(path, {
      LD_LIBRARY_PATH: join(folder, 'al2023/lib'),
      FONTCONFIG_PATH: join(folder, 'fonts'),
    }),
  );
}

function launch(executablePath: string, env: Record<string, string> = {}): Promise<BrowserServer> {
  return chromium.launchServer({
    executablePath,
    timeout: launchMs,
    // Tests run as root and in containers. What they look at is our own.
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-proxy-server'],
    env: { PATH: '/usr/local/bin:/usr/bin:/bin', ...env },
  });
}

/** In a process of its own, whose temporary folder is ours: the package always unpacks to that. */
async function unpack(): Promise<string> {
  if (existsSync(kept)) return kept;
  mkdirSync(dirname(kept), { recursive: true });
  const folder = mkdtempSync(`${kept}-`);
  try {
    const script =
      "import('@sparticuz/chromium').then(({ default: { executablePath } }) => executablePath())";
    await execa(process.execPath, ['--input-type=module', '--eval', script], {
      // So named it unpacks libraries and fonts, too.
      env: { TMPDIR: folder, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x' },
      timeout: unpackMs,
    });
    // Whoever was faster has the same.
    if (!existsSync(kept)) renameSync(folder, kept);
    return kept;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
