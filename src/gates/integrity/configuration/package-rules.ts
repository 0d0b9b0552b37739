import type { Node } from '@babel/types';

import { memberOf } from '../syntax.ts';
import { pnpmSections } from './data-files.ts';
import type { Edit } from './syntax-diff.ts';

/** The rule that an edit of `package.json` breaks. */
export interface PackageEdit {
  readonly rule: string;
  /** Honest as often as not: for the reviewer alone. */
  readonly isWarning?: boolean;
}

/**
 * The rule an edit of `package.json` breaks; undefined for the daily work on it: dependencies, versions,
 * names, scripts no gate is run by.
 */
export function packageRule(edit: Edit, before: Node, after: Node): PackageEdit | undefined {
  const [section = '', name = ''] = edit.path;
  if (section === 'scripts') {
    if (isGateScript(name, edit, before)) return { rule: 'gate-script-edited' };
    return edit.after && installScript(name);
  }
  if (toolSections.has(section)) return { rule: 'gate-config-edited' };
  // They say which file an import means.
  if (section === 'imports') return { rule: 'import-mapped', isWarning: true };
  if (/^(exports|main|module|browser|bin)$/.test(section) && edit.before)
    return { rule: 'entry-mapped', isWarning: true };
  if (section === 'pnpm' && !pnpmSections.test(name)) return undefined;
  if (overrides.has(section)) {
    if (edit.path.some(isGateTool)) return { rule: 'gate-tool-replaced' };
    // A version from the registry is what a security fix looks like.
    const source = stringOf(edit.after);
    const isOther = edit.after !== undefined && (source === undefined || !isVersion(source));
    return { rule: 'dependency-overridden', isWarning: !isOther };
  }
  if (!dependencies.includes(section)) return undefined;
  const source = stringOf(edit.after);
  if (isGateTool(name)) {
    const elsewhere = dependencies.some((other) => memberOf(memberOf(after, other), name));
    if (source === undefined ? !elsewhere : !isVersion(source))
      return { rule: 'gate-tool-replaced' };
  }
  const isForeign =
    source !== undefined &&
    /^(npm:|file:|link:|portal:|git|https?:|github:)|^[\w-]+\/[\w.-]+/.test(source);
  return isForeign ? { rule: 'dependency-source', isWarning: true } : undefined;
}

/** Scripts that run when the package is installed; `prepare` mostly sets up git hooks. */
function installScript(name: string): PackageEdit | undefined {
  if (/^(pre|post)?install$|^pnpm:devPreinstall$/.test(name)) return { rule: 'install-script' };
  return /^(pre|post)?prepare$|^prepublish$/.test(name)
    ? { rule: 'install-script', isWarning: true }
    : undefined;
}

/** Sections by which tools are configured. */
const toolSections = new Set([
  ...[
    'vitest',
    'eslintConfig',
    'eslintIgnore',
    'jest',
    'c8',
    'nyc',
    'mocha',
    'ava',
    'xo',
    'standard',
    'tap',
  ],
]);
/** What replaces packages, changes them, or lets them run code when they are installed. */
const overrides = new Set([
  ...['overrides', 'resolutions', 'pnpm', 'patchedDependencies', 'trustedDependencies'],
  ...['allowScripts', 'dependenciesMeta', 'packageExtensions'],
]);
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
  return /^(?:typescript|eslint|vitest|vite|typescript-eslint|jest|mocha|ava|c8|nyc|oxlint|chai|expect|tinyspy|tinypool|tinyrainbow|@(?:vitest|eslint|typescript-eslint|jest|biomejs)\/.*)$/.test(
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
