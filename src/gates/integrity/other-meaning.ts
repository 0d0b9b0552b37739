import type { Finding } from '../gate.ts';
import type { SourceChange } from './facts.ts';

/**
 * Files that lead tools to another file, or to less than they looked at: `price.js` beside `price.ts`, which a test
 * runner finds first, and TypeScript that became JavaScript, which a compiler does not check.
 */
export function otherMeaning(
  changes: readonly SourceChange[],
  isThere: (path: string) => boolean,
): Finding[] {
  return changes.flatMap(({ path, pathBefore, before, after }): Finding[] => {
    const [, stem, ending] = /^(.+?)\.([cm]?[jt]sx?)$/.exec(path) ?? [];
    if (!after || stem === undefined || stem.endsWith('.d')) return [];
    const at = (rule: string, message: string): Finding[] => [
      { file: path, line: null, column: null, rule, message, severity: 'warning' },
    ];
    const isNew = !before || path !== pathBefore;
    const twin = isNew
      ? endings.map((other) => `${stem}.${other}`).find((one) => one !== path && isThere(one))
      : undefined;
    if (twin !== undefined)
      return at('file-shadowed', `lies beside ${twin}: imports of one may now lead to the other`);
    const wasTyped = before && /\.[cm]?tsx?$/.test(pathBefore) && !pathBefore.endsWith('.d.ts');
    return wasTyped && (ending ?? '').includes('js')
      ? at('types-lost', `was TypeScript (${pathBefore}): its types are no longer checked`)
      : [];
  });
}

const endings = ['ts', 'tsx', 'mts', 'cts', 'js', 'jsx', 'mjs', 'cjs'];
