import { build } from './tools/build.ts';
import { coverage } from './tools/coverage.ts';
import type { Gate, GateName } from './gate.ts';
import { lint } from './tools/lint.ts';
import { test } from './tools/test.ts';

/** Every gate by name, except `integrity`, which needs a base ref. */
export const allGates: Readonly<Record<Exclude<GateName, 'integrity'>, Gate>> = {
  build,
  lint,
  test,
  coverage,
};
