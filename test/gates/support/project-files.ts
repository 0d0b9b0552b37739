/** Files of the little projects about vitest. */

import { tests } from './project.ts';

export const vitestConfig = (options: object) =>
  `export default ${JSON.stringify({ test: options })};\n`;

export const redTest = tests("it('adds', () => expect(add(1, 2)).toBe(4));");

/** Covered by the tests to a half. */
export const halfCovered = {
  'src/add.ts': [
    'export function add(a: number, b: number): number {',
    '  return a + b;',
    '}',
    'export function subtract(a: number, b: number): number {',
    '  return a - b;',
    '}',
    '',
  ].join('\n'),
};
