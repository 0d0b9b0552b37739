import { posix } from 'node:path';

/** What a path says about a file. Paths are relative to the directory under check, with `/`. */

const typeScript = /\.(?:[cm]?ts|tsx)$/;
const javaScript = /\.(?:[cm]?js|jsx)$/;
const declaration = /\.d\.([^./]+\.)?[cm]?ts$/;

export type Language = 'TypeScript' | 'JavaScript';

/** The language of a file with code; undefined for any other, and for declarations, which hold none. */
export function languageOf(path: string): Language | undefined {
  if (declaration.test(path)) return undefined;
  if (typeScript.test(path)) return 'TypeScript';
  return javaScript.test(path) && !/\.min\.[cm]?js$/.test(path) ? 'JavaScript' : undefined;
}

/** Folders that by their name hold material, not the product, wherever they lie. */
const material =
  /^(fixtures?|__fixtures__|__testfixtures__|testdata|test[-_]data|__template__|__snapshots__|node_modules|third[-_]?party|vendor(ed)?)$/i;
/** Folders that do so unless they lie below a folder `src`: there they may be a part of the product. */
const materialOutsideSrc =
  /^(templates?|examples?|samples?|demos?|playgrounds?|docs?|documentation|(web)?site|dist|out|coverage)$/i;

/** False below a folder that by its name is not the product: fixtures, templates, examples, foreign or generated code. */
export function isProduct(path: string): boolean {
  return (
    !foldersOf(path).some((folder) => material.test(folder)) &&
    !outsideSrc(path).some((folder) => materialOutsideSrc.test(folder))
  );
}

function foldersOf(path: string): readonly string[] {
  return path.split('/').slice(0, -1);
}

/** The folders above the first that is named `src`. */
function outsideSrc(path: string): readonly string[] {
  const folders = foldersOf(path);
  const source = folders.indexOf('src');
  return source === -1 ? folders : folders.slice(0, source);
}

const testFolder =
  /^(tests?|__tests__|__mocks__|specs?|e2e|test-d|type-tests|cypress|playwright|integration-tests?)$/i;
const testFile =
  /(^|[._-])(tests?|spec|e2e|cy|bench|stories|test-d|spec-d)\.[cm]?[jt]sx?$|(^|\.)setup\.[cm]?[jt]sx?$/i;
/** Folders of helpers of the project itself, unless they lie below a folder `src`. */
const helperFolder = /^(scripts?|tools?|bench(marks?)?|build|internal|config|configs|\..+)$/i;
const configFile =
  /^\..*rc\.[cm]?[jt]s$|(^|[.-])config(\.[^./]+)?\.[cm]?[jt]s$|\.workspace\.[cm]?[jt]s$|^(gulpfile|gruntfile|jakefile|karma\.conf|protractor\.conf)\.[cm]?[jt]s$/i;

/** True for a test, a story or a benchmark, by folder or name. */
export function isTest(path: string): boolean {
  return (
    foldersOf(path).some((folder) => testFolder.test(folder)) || testFile.test(posix.basename(path))
  );
}

/** True for the configuration of a tool. */
export function isConfiguration(path: string): boolean {
  return configFile.test(posix.basename(path));
}

/** Code that the product consists of: no test, no configuration, no helper of the project such as a script. */
export function isSource(path: string): boolean {
  return (
    isProduct(path) &&
    !isTest(path) &&
    !isConfiguration(path) &&
    !outsideSrc(path).some((folder) => helperFolder.test(folder))
  );
}

/** True when one of the globs names the file or a folder above it. */
export function isNamedBy(path: string, globs: readonly string[]): boolean {
  return globs.some((glob) => {
    const pattern = glob.replace(/^\.\//, '').replace(/\/$/, '');
    return (
      pattern === '.' ||
      posix.matchesGlob(path, pattern) ||
      posix.matchesGlob(path, `${pattern}/**`)
    );
  });
}

/** The folder that holds most of the files, two levels at most, for a message. */
export function busiestFolder(files: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const file of files) {
    const folder = posix.dirname(file).split('/').slice(0, 2).join('/');
    counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  const [busiest = '.'] = [...counts].toSorted(([, a], [, b]) => b - a)[0] ?? [];
  return busiest === '.' ? 'the top directory' : busiest;
}
