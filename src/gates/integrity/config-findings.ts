import { posix } from 'node:path';

import type { Finding } from '../gate.ts';
import { configEdits } from './config-edits.ts';
import { configKind, filesNamedBy, isPipeline, type ConfigKind } from './gate-config.ts';
import { parseJson, parseSource } from './syntax.ts';
import type { FileChange, TreeChanges, Trees } from './tree-changes.ts';

/** More configuration files than a repository has; further ones are still compared, not what they name. */
const configLimit = 500;

/** Edits of gate configuration, of files that configuration names as parts of itself included. */
export function configFindings(tree: TreeChanges, parts: ReadonlySet<string>): Finding[] {
  return tree.changes.flatMap((change): Finding[] => {
    const kind =
      configKind(change.path) ?? (parts.has(change.path) ? kindOfPart(change.path) : undefined);
    if (kind === undefined) return [];
    const { path, before, after } = change;
    if (before !== undefined && after !== undefined) {
      return configEdits({ path, kind, before, after });
    }
    return after === undefined ? removed(change, kind, tree) : added(change, kind, tree);
  });
}

/** The files that the configuration at the base names as parts of itself. */
export async function partsOfConfig(trees: Trees): Promise<Set<string>> {
  const configs = trees.pathsBefore
    .filter((path) => !/(^|\/)node_modules\//.test(path))
    .filter((path) => ['json', 'code'].includes(configKind(path) ?? ''))
    .slice(0, configLimit);
  const parts = new Set<string>();
  for (const [path, text] of await trees.textsBefore(configs)) {
    const root = configKind(path) === 'json' ? parseJson(text) : parseSource(text, path)?.root;
    if (root) for (const named of filesNamedBy(root, path)) parts.add(named);
  }
  return parts;
}

function kindOfPart(path: string): ConfigKind | undefined {
  if (path.endsWith('.json')) return 'json';
  return /\.[cm]?[jt]sx?$/.test(path) ? 'code' : 'text';
}

/** Configuration may go with the whole directory it governed, not by itself. */
function removed(change: FileChange, kind: ConfigKind, tree: TreeChanges): Finding[] {
  if (!tree.directoriesAfter.has(posix.dirname(change.path))) return [];
  return [about(change, kind, 'removed')];
}

/** A new package brings its own configuration; in a directory that was there before, it takes over. */
function added(change: FileChange, kind: ConfigKind, tree: TreeChanges): Finding[] {
  if (kind === 'package' || isPipeline(change.path)) return [];
  if (!tree.directoriesBefore.has(posix.dirname(change.path))) return [];
  return [about(change, kind, 'added')];
}

function about({ path }: FileChange, kind: ConfigKind, what: string): Finding {
  return {
    file: path,
    line: 1,
    column: null,
    rule: 'gate-config-edited',
    message: `${kind === 'package' ? 'the package' : 'gate configuration'} was ${what}`,
    severity: 'error',
  };
}
