import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { execa } from 'execa';

import { temporaryDirectory } from '../../support/service.ts';
import type { BrowserPlace } from './browser-place.ts';

const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--hide-scrollbars',
];
/** High enough for the text of an issue and the comment below it. */
const size = '1100,1500';
const deadlineMs = 60_000;

/** A picture of a page, as `name`.png; its size in bytes. */
export async function takePicture(
  { chromium, pictures }: BrowserPlace,
  name: string,
  url: string,
): Promise<number> {
  mkdirSync(pictures, { recursive: true });
  const file = join(pictures, `${name}.png`);
  const profile = `--user-data-dir=${temporaryDirectory()}`;
  await execa(chromium, [...flags, profile, `--window-size=${size}`, `--screenshot=${file}`, url], {
    timeout: deadlineMs,
    stdio: 'ignore',
  });
  return statSync(file).size;
}
