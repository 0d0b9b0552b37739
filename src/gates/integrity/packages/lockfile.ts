import { posix } from 'node:path';

import { parse as parseYaml } from 'yaml';
import { z } from 'zod';

/** One package as a lockfile tells it to be installed. */
export interface LockedPackage {
  /** The name it is installed under. */
  readonly name: string;
  readonly version: string;
  /** The address or other source; undefined for the default registry. */
  readonly source: string | undefined;
  readonly integrity: string | undefined;
  /** The name of the package itself, where the lockfile says that it is another. */
  readonly alias: string | undefined;
}

/** Reads the text of a lockfile; undefined for one that it cannot be. */
type Reader = (text: string) => readonly LockedPackage[] | undefined;

/** The reader for a path; undefined when it is no lockfile that can be read. */
export function lockfileReader(path: string): Reader | undefined {
  return readers.get(posix.basename(path));
}

/** Maximum bytes of YAML that is parsed: a megabyte takes about a second. */
const yamlBytes = 8_000_000;

const readers: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['package-lock.json', readNpm],
  ['npm-shrinkwrap.json', readNpm],
  ['pnpm-lock.yaml', readPnpm],
  ['yarn.lock', readYarn],
  ['bun.lock', readBun],
]);

const npmPackage = z.object({
  name: z.string().optional(),
  version: z.string().optional(),
  resolved: z.unknown().optional(),
  integrity: z.string().optional(),
  link: z.boolean().optional(),
  requires: z.unknown().optional(),
  dependencies: z.record(z.string(), z.unknown()).optional(),
});
const npmLockfile = z.object({
  packages: z.record(z.string(), npmPackage).optional(),
  dependencies: z.record(z.string(), z.unknown()).optional(),
});

function readNpm(text: string): LockedPackage[] | undefined {
  const lockfile = valid(npmLockfile, () => JSON.parse(text));
  if (!lockfile) return undefined;
  if (lockfile.packages) {
    return Object.entries(lockfile.packages).flatMap(([path, entry]) => {
      const name = path.split('node_modules/').at(-1) ?? '';
      // A workspace package is a link to a directory of the checkout.
      if (!path.includes('node_modules/') || entry.link === true) return [];
      return [lockedNpm(name, entry)];
    });
  }
  return readNested(lockfile.dependencies ?? {}, 0);
}

/** The first version of npm's format nests what it installs deeper. */
function readNested(
  dependencies: Readonly<Record<string, unknown>>,
  depth: number,
): LockedPackage[] {
  if (depth > 50) return [];
  return Object.entries(dependencies).flatMap(([name, value]) => {
    const entry = npmPackage.safeParse(value).data;
    if (!entry) return [];
    return [lockedNpm(name, entry), ...readNested(entry.dependencies ?? {}, depth + 1)];
  });
}

function lockedNpm(name: string, entry: z.infer<typeof npmPackage>): LockedPackage {
  const { version = '', resolved, integrity } = entry;
  const alias = entry.name ?? /^npm:(@?[^@]+)@/.exec(version)?.[1];
  const source = typeof resolved === 'string' ? resolved : undefined;
  return {
    name,
    version: version.replace(/^npm:.*@/, ''),
    // The first version of the format has a foreign address in the place of the version.
    source: source ?? (/^(git|https?|file|github)[+:]/.test(version) ? version : undefined),
    integrity,
    alias: alias === name ? undefined : alias,
  };
}

const pnpmLockfile = z.object({
  packages: z
    .record(
      z.string(),
      z.object({
        resolution: z
          .object({
            integrity: z.string().optional(),
            tarball: z.string().optional(),
            repo: z.string().optional(),
            directory: z.string().optional(),
          })
          .optional(),
      }),
    )
    .nullish(),
});

function readPnpm(text: string): LockedPackage[] | undefined {
  const lockfile = valid(pnpmLockfile, () => yaml(sectionOf(text, 'packages')));
  return (
    lockfile &&
    Object.entries(lockfile.packages ?? {}).map(([key, { resolution }]) => {
      const { name, version } = nameAndVersion(key.replace(/^\//, '').replace(/\(.*$/, ''));
      const { integrity, tarball, repo, directory } = resolution ?? {};
      const source =
        tarball ??
        (repo && `git+${repo}`) ??
        (directory === undefined ? undefined : `file:${directory}`);
      return { name, version, source, integrity, alias: undefined };
    })
  );
}

/** Both formats are blocks below a line of the names that they serve; the older one is no YAML. */
function readYarn(text: string): LockedPackage[] {
  return text.split(/\n(?=\S)/).flatMap((block): LockedPackage[] => {
    const [head = '', ...lines] = block.split('\n');
    const [, first = ''] = /^"?((?:@[^/"]+\/)?[^"@,]+@[^",]*)/.exec(head) ?? [];
    if (first === '' || first.startsWith('__')) return [];
    const { name, version: range } = nameAndVersion(first);
    const field = (key: string) =>
      lines
        .map((line) => new RegExp(`^  ${key}:? +"?([^"]*)"?$`).exec(line)?.[1])
        .find((value) => value !== undefined);
    const resolution = field('resolution');
    const resolved = resolution === undefined ? undefined : nameAndVersion(resolution);
    const alias = resolved?.name ?? /^npm:(@?[^@]+)@/.exec(range)?.[1];
    const source = resolved
      ? resolved.version.replace(/^(npm|workspace|virtual):.*$/, '') || undefined
      : field('resolved');
    return [
      {
        name,
        version: field('version') ?? '',
        source,
        integrity: field('integrity') ?? field('checksum'),
        alias: alias === name ? undefined : alias,
      },
    ];
  });
}

const bunLockfile = z.object({ packages: z.record(z.string(), z.array(z.unknown())) });

function readBun(text: string): LockedPackage[] | undefined {
  const lockfile = valid(bunLockfile, () => yaml(text));
  return (
    lockfile &&
    Object.entries(lockfile.packages).flatMap(([path, [resolved, registry, ...rest]]) => {
      if (typeof resolved !== 'string') return [];
      const own = nameAndVersion(resolved);
      const name = installedName(path);
      if (own.version.startsWith('workspace:')) return [];
      const isForeign = /^(git|https?|file|github|link|root)[+:]/.test(own.version);
      const address = typeof registry === 'string' && registry !== '' ? registry : undefined;
      const integrity = rest.findLast((value) => typeof value === 'string');
      return [
        {
          name,
          version: own.version,
          source: isForeign ? own.version : address,
          integrity: typeof integrity === 'string' ? integrity : undefined,
          alias: own.name === name ? undefined : own.name,
        },
      ];
    })
  );
}

/** Lockfiles hold no aliases of YAML, by which a hostile one would grow without end. */
function yaml(text: string): unknown {
  return text.length > yamlBytes ? undefined : parseYaml(text, { maxAliasCount: 0 });
}

/** A key at the left margin with what belongs to it. */
function sectionOf(text: string, key: string): string {
  const start = text.search(new RegExp(`^${key}:`, 'm'));
  if (start < 0) return '{}';
  const rest = text.slice(start + 1).search(/\n[^\s#]/);
  return rest < 0 ? text.slice(start) : text.slice(start, start + 1 + rest);
}

/** The last name of a path such as `vitest/chai` or `@a/b/@c/d`. */
function installedName(path: string): string {
  const parts = path.split('/');
  const scoped = parts.at(-2)?.startsWith('@') === true;
  return parts.slice(scoped ? -2 : -1).join('/');
}

function nameAndVersion(key: string): { readonly name: string; readonly version: string } {
  const at = key.indexOf('@', 1);
  return at < 0
    ? { name: key, version: '' }
    : { name: key.slice(0, at), version: key.slice(at + 1) };
}

function valid<T>(schema: z.ZodType<T>, read: () => unknown): T | undefined {
  try {
    return schema.safeParse(read()).data;
  } catch {
    return undefined;
  }
}
