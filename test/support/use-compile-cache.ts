import { enableCompileCache } from 'node:module';

import { compileCache } from './compile-cache.ts';

/** The threads of a service start in half the time with what is compiled already. */
enableCompileCache(compileCache);
