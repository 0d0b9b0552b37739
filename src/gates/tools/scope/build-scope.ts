import type { Checkout, Verdict } from '../../gate.ts';
import { packageOf, type Packages } from './packages.ts';
import { counted } from '../../counted.ts';
import { busiestFolder, isNamedBy, isProduct, isSource, languageOf } from './sources.ts';

/** The TypeScript of a project. */
export interface TypeScriptFiles {
  /** Of the product, its tests and helpers, in the packages of the project and in foreign ones. */
  readonly code: readonly string[];
  /** Files that are left out: by the gates file, or as no part of the product. */
  readonly leftOut: number;
}

/** Which files tsc could look at. */
export async function typeScriptFiles(checkout: Checkout): Promise<TypeScriptFiles> {
  const all = (await checkout.files()).filter((file) => languageOf(file) === 'TypeScript');
  const { ignore } = checkout.options.build;
  const code = all.filter((file) => isProduct(file) && !isNamedBy(file, ignore));
  return { code, leftOut: all.length - code.length };
}

export interface BuildScope extends TypeScriptFiles {
  readonly packages: Packages;
  /** Globs that tsconfig.json excludes; a package of such files alone was left out on purpose. */
  readonly excluded: readonly string[];
  /** Files of all programs that were checked. */
  readonly held: ReadonlySet<string>;
  /** Reasons why projects that none references could not be checked. */
  readonly obstacles: readonly string[];
}

/** Completes the verdict on the errors by that on the files that no checked project holds. */
export function withBuildScope(verdict: Verdict, scope: BuildScope): Verdict {
  if (verdict.status !== 'passed' && verdict.status !== 'failed') return verdict;
  const { code, held, leftOut, obstacles } = scope;
  const unchecked = code.filter((file) => !held.has(file));
  const details = {
    ...verdict.details,
    filesUnchecked: unchecked.length,
    filesLeftOut: leftOut,
  };
  if (unchecked.length === 0) return { ...verdict, details };
  const told = `${unchecked.length} of ${counted(code.length, 'TypeScript file')} ${unchecked.length === 1 ? 'is' : 'are'} in no project that was checked, most in ${busiestFolder(unchecked)}.`;
  const objection = objectionTo(scope);
  if (objection === undefined) {
    return { ...verdict, message: `${verdict.message} ${told}`, details };
  }
  const message = [objection, told, ...obstacles, cure].join(' ');
  if (verdict.status === 'passed') return { ...verdict, status: 'error', message, details };
  // The errors do not fail it alone, so no baseline can make it pass.
  return { ...verdict, faults: undefined, message: `${verdict.message} ${message}`, details };
}

const cure =
  'Reference their tsconfig from tsconfig.json, name it in .mosaic/gates.json (gates.build.tsconfig), or leave them out there (gates.build.ignore).';

/** Why the checked files are not the project; undefined when they are. */
function objectionTo({ code, held, packages, excluded }: BuildScope): string | undefined {
  const sources = code.filter(
    (file) => isSource(file) && packages.own.has(packageOf(file, packages)),
  );
  const isUnchecked = (files: readonly string[]) => !files.some((file) => held.has(file));
  for (const name of packages.own) {
    // At the top of a workspace lie helpers.
    const isHelper = (file: string) => name === '.' && packages.own.size > 1 && !file.includes('/');
    const inPackage = sources.filter(
      (file) => packageOf(file, packages) === name && !isHelper(file) && !isNamedBy(file, excluded),
    );
    if (inPackage.length > 0 && isUnchecked(inPackage))
      return name === '.'
        ? 'No source of the root package was checked:'
        : `No source of the package ${name} was checked:`;
  }
  const checked = sources.filter((file) => held.has(file)).length;
  return checked * 2 < sources.length ? 'Less than half of the sources were checked:' : undefined;
}
