import { build } from './tools/build.ts';
import { coverage } from './tools/coverage.ts';
import type { Gate, GateName } from './gate.ts';
import { lint } from './tools/lint.ts';
import { test } from './tools/test.ts';

/** Every gate by its name, except that which needs a ref to compare with. */
export const allGates: Readonly<Record<Exclude<GateName, 'integrity'>, Gate>> = {
  build,
  lint,
  test,
  coverage,
};
