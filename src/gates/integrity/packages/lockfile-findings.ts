import { errorAt, type Finding } from '../../gate.ts';
import type { FileChange } from '../trees/tree-changes.ts';
import { lockfileReader, type LockedPackage } from './lockfile.ts';

/** Most packages that one finding names. */
const named = 5;

/**
 * What a lockfile installs from elsewhere than before, or with other contents. A new version of a package, and a
 * new package from the registry that the base uses, are everyday work.
 */
export function lockfileFindings({ path, before, after }: FileChange): Finding[] {
  const read = lockfileReader(path);
  if (!read || after === undefined) return [];
  const now = read(after);
  const old = before === undefined ? [] : read(before);
  if (!now || !old) {
    return [
      errorAt(path, 1, 'lockfile-unread', 'the lockfile cannot be read, so it was not compared'),
    ];
  }
  const base = summary(old);
  const groups = new Map<
    string,
    { readonly objection: Objection; readonly found: LockedPackage[] }
  >();
  for (const one of now) {
    if (base.entries.has(keyOf(one))) continue;
    const objection = objectionTo(one, base);
    if (!objection) continue;
    const key = `${objection.rule}\0${objection.message}`;
    const group = groups.get(key) ?? { objection, found: [] };
    groups.set(key, group);
    group.found.push(one);
  }
  return [...groups.values()].map(({ objection, found }) => {
    const names = [...new Set(found.map(({ name, version }) => `${name}@${version}`))];
    const more = names.length - named;
    const list = names.slice(0, named).join(', ') + (more > 0 ? ` and ${more} more` : '');
    const line = lineWith(after, found[0]?.source ?? found[0]?.name ?? '');
    const finding = errorAt(path, line, objection.rule, `${objection.message}: ${list}`);
    return objection.isWarning === true ? { ...finding, severity: 'warning' } : finding;
  });
}

interface Objection {
  readonly rule: string;
  readonly message: string;
  readonly isWarning?: boolean;
}

/** What the lockfile of the base says, to look things up in. */
interface Base {
  /** Whole entries: what is among them is not new. */
  readonly entries: ReadonlySet<string>;
  readonly byVersion: ReadonlyMap<string, LockedPackage>;
  /** Where packages of a name came from. */
  readonly hosts: ReadonlyMap<string, ReadonlySet<string>>;
  readonly allHosts: ReadonlySet<string>;
  readonly aliases: ReadonlySet<string>;
}

function summary(packages: readonly LockedPackage[]): Base {
  const hosts = new Map<string, Set<string>>();
  for (const { name, source } of packages) {
    const of = hosts.get(name) ?? new Set();
    hosts.set(name, of.add(hostOf(source)));
  }
  return {
    entries: new Set(packages.map(keyOf)),
    byVersion: new Map(packages.map((one) => [versionKey(one), one])),
    hosts,
    allHosts: new Set(packages.map(({ source }) => hostOf(source))),
    aliases: new Set(packages.map(({ name, alias }) => `${name}\0${alias ?? ''}`)),
  };
}

function keyOf({ name, version, source, integrity, alias }: LockedPackage): string {
  return [name, version, source, integrity, alias].join('\0');
}

function versionKey({ name, version, alias }: LockedPackage): string {
  return `${alias ?? name}\0${version}`;
}

function objectionTo(now: LockedPackage, base: Base): Objection | undefined {
  const { name, source, integrity, alias } = now;
  const host = hostOf(source);
  const before = base.hosts.get(name);
  if (isForeign(source)) {
    // The same source, at another commit perhaps.
    if (before?.has(host)) return undefined;
    const isFile = /^(file|link|portal):/.test(source ?? '');
    const message = isFile
      ? 'packages come from files of the checkout'
      : 'packages come from no registry but from an address of their own';
    return {
      rule: 'lockfile-source',
      message: `${message} (${clipped(source ?? '')})`,
      isWarning: isFile,
    };
  }
  const isPublic = publicHosts.has(host);
  if (
    before &&
    !before.has(host) &&
    !(isPublic && [...before].every((one) => publicHosts.has(one)))
  ) {
    const from = [...before].join(', ');
    return {
      rule: 'lockfile-registry',
      message: `packages now come from ${host} instead of ${from}`,
    };
  }
  if (!before && !isPublic && !base.allHosts.has(host)) {
    const message = `packages come from ${host}, which the lockfile of the base does not use`;
    return { rule: 'lockfile-registry', message };
  }
  const other = otherPackage(now);
  if (other !== undefined) {
    return {
      rule: 'lockfile-source',
      message: `the address is that of another package (${other})`,
    };
  }
  const same = base.byVersion.get(versionKey(now));
  if (same?.integrity !== undefined && contradicts(same.integrity, integrity)) {
    return {
      rule: 'lockfile-integrity',
      message:
        integrity === undefined
          ? 'the hash of the contents was removed'
          : 'the same version has other contents than at the base',
    };
  }
  if (alias !== undefined && !base.aliases.has(`${name}\0${alias}`)) {
    const message = `another package is installed under this name (${alias})`;
    return { rule: 'lockfile-alias', message, isWarning: true };
  }
  return undefined;
}

/** These hand out the same packages. */
const publicHosts = new Set(['registry.npmjs.org', 'registry.yarnpkg.com', 'the default registry']);

/** The host of an address; a package without one comes from the registry that is set. */
function hostOf(source: string | undefined): string {
  if (source === undefined) return 'the default registry';
  if (!/^https?:/.test(source)) return source.replace(/#.*$/, '');
  return URL.parse(source)?.host ?? source;
}

/** True for what no registry handed out: git, a plain address, a file. */
function isForeign(source: string | undefined): boolean {
  if (source === undefined) return false;
  if (!/^https?:/.test(source) || /\.git(#|$)/.test(source)) return true;
  const { hostname = '', pathname = '' } = URL.parse(source) ?? {};
  return /(^|\.)(github|gitlab|codeload\.github|bitbucket)\.(com|org)$/.test(hostname)
    ? !hostname.startsWith('npm.')
    : hostname === 'pkg.pr.new' || (!pathname.includes('/-/') && /\.(tar\.gz|zip)$/.test(pathname));
}

/** `…/chai/-/chai-5.0.0.tgz` names the package and its version: a lockfile may not say otherwise. */
function otherPackage({ name, version, source, alias }: LockedPackage): string | undefined {
  const pathname = source === undefined ? undefined : URL.parse(source)?.pathname;
  const [, path, file] = /^(.*)\/-\/(?:@[^/]+\/)?([^/]+)\.tgz$/.exec(pathname ?? '') ?? [];
  if (path === undefined || file === undefined) return undefined;
  const own = alias ?? name;
  const decoded = path.replace(/%2f/gi, '/').replace(/%40/g, '@');
  const base = own.replace(/^@[^/]+\//, '');
  const isSame = decoded === own || decoded.endsWith(`/${own}`);
  const isVersion = version === '' || decodedFile(file) === `${base}-${version}`;
  return isSame && isVersion ? undefined : `${decoded.replace(/^\//, '')}, ${file}`;
}

function decodedFile(file: string): string {
  return file.replace(/%2b/gi, '+');
}

/** Hashes of different algorithms or formats cannot contradict each other. */
function contradicts(old: string, now: string | undefined): boolean {
  if (now === undefined) return true;
  const parts = (text: string) =>
    new Map(
      text.split(/\s+/).map((hash): [string, string] => {
        const at = hash.search(/[-/]/);
        return at < 0 ? ['', hash] : [hash.slice(0, at), hash.slice(at + 1)];
      }),
    );
  const [before, after] = [parts(old), parts(now)];
  return [...before].some(([algorithm, hash]) => {
    const other = after.get(algorithm);
    return other !== undefined && other !== hash;
  });
}

function lineWith(text: string, words: string): number {
  const at = words === '' ? -1 : text.indexOf(words);
  return at < 0 ? 1 : text.slice(0, at).split('\n').length;
}

function clipped(text: string): string {
  return text.length > 100 ? `${text.slice(0, 99)}…` : text;
}
