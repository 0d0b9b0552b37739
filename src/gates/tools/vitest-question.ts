/**
 * Asks vitest what coverage options it resolves from the configuration of a project. Run by Node on its own: a copy
 * of this file is put into a private directory. Imports nothing of the project, because the copy is alone.
 * Arguments: the file to answer in, the JavaScript file of vitest's command, and the root, if one is named.
 */

import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const [, , answer = '', entry = '', root] = process.argv;
const api: unknown = createRequire(entry)('vitest/node');
const create = memberOf(api, 'createVitest');
if (typeof create !== 'function') throw new Error('this vitest cannot be asked');
const options = { run: true, watch: false, ...(root !== undefined && { root }) };
const vitest: unknown = await Reflect.apply(create, undefined, ['test', options]);
const config = memberOf(vitest, 'config');
const coverage = memberOf(config, 'coverage');
writeFileSync(
  answer,
  JSON.stringify({
    root: memberOf(config, 'root'),
    include: memberOf(coverage, 'include'),
    provider: memberOf(coverage, 'provider'),
  }),
);
// Its server would keep the process alive; everything is said.
process.exit(0);

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
