import { readEnvironment } from '../../../src/config.ts';

export interface BrowserPlace {
  /** A Chromium. */
  readonly chromium: string;
  /** Folder of the pictures. */
  readonly pictures: string;
}

/** The browser to take pictures with; undefined when none is given, and then none are taken. */
export function findBrowser(): BrowserPlace | undefined {
  const environment = readEnvironment();
  const chromium = environment['CHROMIUM'];
  const pictures = environment['MOSAIC_PICTURES'];
  return chromium === undefined || pictures === undefined ? undefined : { chromium, pictures };
}
