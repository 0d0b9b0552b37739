import type { Node } from '@babel/types';

import { memberOf } from '../syntax.ts';
import type { Edit } from './syntax-diff.ts';

/**
 * The rule an edit of `package.json` breaks; undefined for the daily work on it: dependencies, versions,
 * names, scripts no gate is run by.
 */
export function packageRule(edit: Edit, before: Node, after: Node): string | undefined {
  const [section = '', name = ''] = edit.path;
  if (section === 'scripts') {
    return isGateScript(name, edit, before) ? 'gate-script-edited' : undefined;
  }
  if (toolSections.has(section)) return 'gate-config-edited';
  if (overrides.has(section)) {
    return edit.path.some(isGateTool) ? 'gate-tool-replaced' : undefined;
  }
  if (dependencies.includes(section) && isGateTool(name)) {
    const source = stringOf(edit.after);
    const elsewhere = dependencies.some((other) => memberOf(memberOf(after, other), name));
    if (source === undefined ? !elsewhere : !isVersion(source)) return 'gate-tool-replaced';
  }
  return undefined;
}

/** Sections by which tools are configured. */
const toolSections = new Set(['vitest', 'eslintConfig', 'eslintIgnore', 'jest', 'c8', 'nyc']);
const overrides = new Set(['overrides', 'resolutions', 'pnpm']);
const dependencies = [
  'dependencies',
  'devDependencies',
  'optionalDependencies',
  'peerDependencies',
];

/** A new script is a gate's only as a hook that runs before or after one. */
function isGateScript(name: string, { before }: Edit, root: Node): boolean {
  const command = stringOf(before);
  if (command !== undefined) return isGateName(name) || runsTool.test(command);
  const hooked = /^(?:pre|post)(.+)$/.exec(name)?.[1];
  if (hooked === undefined) return false;
  const target = stringOf(memberOf(memberOf(root, 'scripts'), hooked));
  return target !== undefined && (isGateName(hooked) || runsTool.test(target));
}

function isGateName(name: string): boolean {
  return /^(?:pre|post)?(?:test|lint|type-?check|check|coverage|verify|ci|gates)(?:[:.-].*)?$/.test(
    name,
  );
}

const runsTool = /(?:^|[\s/"'])(?:vitest|eslint|tsc|c8|nyc|jest)(?=$|[\s"';&|])/;

function isGateTool(name: string): boolean {
  return /^(?:typescript|eslint|vitest|vite|typescript-eslint|jest|c8|nyc|@(?:vitest|eslint|typescript-eslint)\/.*)$/.test(
    name.replace(/(.)@.*$/, '$1'),
  );
}

/** A version or range from the registry, not another package, a file or an address. */
function isVersion(source: string): boolean {
  return /^[\w.^~<>=|*+\s-]*$/.test(source);
}

function stringOf(node: Node | undefined): string | undefined {
  return node?.type === 'StringLiteral' ? node.value : undefined;
}
