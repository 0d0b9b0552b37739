import { enableCompileCache } from 'node:module';

import { compileCache } from './compile-cache.ts';

// Vitest switches the cache off beside coverage, for code from there is measured less precisely. What is
// measured, the modules that vitest transforms, never comes from there; threads and child processes do.
// eslint-disable-next-line no-restricted-properties -- To undo it is to change the environment itself.
delete process.env['NODE_DISABLE_COMPILE_CACHE'];

/** The threads of a service start in half the time with what is compiled already. */
enableCompileCache(compileCache);
