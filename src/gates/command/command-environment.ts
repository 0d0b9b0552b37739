import { existsSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative } from 'node:path';

import { systemPath, toolEnvironment } from '../process/environment.ts';
import { linkedPrograms } from './linked-programs.ts';
import { caches, certificateVariables, installations, installedPrograms } from './tool-chains.ts';

/** What the commands of one run share. */
export interface CommandSettings {
  /** The environment of the calling process; only what is named here reaches a command. */
  readonly caller: Readonly<Record<string, string | undefined>>;
  /** Names of further variables of the caller that commands get. */
  readonly passEnvironment: readonly string[];
  /** Directory for downloads of the tool chains. */
  readonly cacheDirectory: string;
  /** Home of all steps and command gates of the run, so that gates find what install steps put there. */
  readonly home: string;
  /** Top directory of the checkout, whose programs are not the caller's. */
  readonly root: string;
  /** Directory whose `node_modules` holds the tools; undefined when the checkout's own does. */
  readonly toolsFrom: string | undefined;
}

export interface CommandEnvironment {
  readonly environment: Readonly<Record<string, string>>;
  readonly writable: readonly string[];
  readonly readOnly: readonly string[];
}

/**
 * The environment of a command that runs in `directory`, with the directories that it names. Beside what tools
 * get, it holds where tool chains are and keep their downloads; with network the certificates; and what the run passes on.
 */
export function commandEnvironment(
  settings: CommandSettings,
  {
    directory,
    network,
    own,
  }: {
    readonly directory: string;
    readonly network: boolean;
    /** Variables that the gates file sets. */
    readonly own: Readonly<Record<string, string>>;
  },
): CommandEnvironment {
  const { caller, passEnvironment, cacheDirectory, home } = settings;
  const passed = pick(caller, passEnvironment);
  const homes = installedHomes(caller);
  const certificates = network ? pick(caller, certificateVariables) : {};
  const tool = toolEnvironment(home);
  const path = [...programDirectories(settings, directory), ...(tool['PATH'] ?? '').split(':')];
  return {
    environment: {
      ...tool,
      PATH: [...new Set(path)].join(':'),
      ...homes,
      ...Object.fromEntries(
        Object.entries(caches).map(([name, below]) => [name, join(cacheDirectory, below)]),
      ),
      ...certificates,
      ...passed,
      ...own,
    },
    writable: [home, cacheDirectory],
    readOnly: [
      ...Object.values(homes),
      ...Object.values(certificates),
      ...seenPrograms(settings),
      ...(settings.toolsFrom === undefined ? [] : [modulesOf(settings.toolsFrom)]),
    ].filter((path) => isAbsolute(path) && existsSync(path)),
  };
}

function pick(
  caller: CommandSettings['caller'],
  names: readonly string[],
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = caller[name];
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
}

function installedHomes(caller: CommandSettings['caller']): Readonly<Record<string, string>> {
  const home = caller['HOME'];
  return Object.fromEntries(
    installations.flatMap(({ variable, belowHome }) => {
      const byDefault =
        home === undefined || belowHome === undefined ? undefined : join(home, belowHome);
      const path = caller[variable] ?? byDefault;
      return path !== undefined && existsSync(path) ? [[variable, path] as const] : [];
    }),
  );
}

/** In the order of a search: programs of the project, of its install steps, then of the caller. */
function programDirectories(settings: CommandSettings, directory: string): readonly string[] {
  const { cacheDirectory, home, root, toolsFrom } = settings;
  return [
    ...(toolsFrom === undefined ? [] : [join(modulesOf(toolsFrom), '.bin')]),
    ...upTo(root, directory).map((place) => join(place, 'node_modules', '.bin')),
    ...upTo(root, directory).map((place) => join(place, '.venv', 'bin')),
    ...installedPrograms.belowHome.map((below) => join(home, below)),
    ...installedPrograms.belowCache.map((below) => join(cacheDirectory, below)),
    ...callerPath(settings),
  ];
}

function modulesOf(directory: string): string {
  return join(directory, 'node_modules');
}

/** The directory and those above it, innermost first, up to the top of the checkout. */
function upTo(root: string, directory: string): readonly string[] {
  if (directory === root || relative(root, directory).startsWith('..')) return [directory];
  return [directory, ...upTo(root, dirname(directory))];
}

/**
 * The caller's search path without what somebody else could fill: relative, missing, in the checkout, in a
 * `node_modules` (npm puts those of its own project there), or writable by other users.
 */
function callerPath({ caller, root }: CommandSettings): readonly string[] {
  return (caller['PATH'] ?? '').split(':').filter((path) => {
    if (!isAbsolute(path) || path.split('/').includes('node_modules')) return false;
    try {
      const stats = statSync(path);
      if (!stats.isDirectory() || (stats.mode & 0o002) !== 0) return false;
      if (![0, process.getuid?.()].includes(stats.uid)) return false;
      return relative(root, realpathSync(path)).startsWith('..');
    } catch {
      return false;
    }
  });
}

/** The programs of the caller, and those that links among them lead to. */
function seenPrograms(settings: CommandSettings): readonly string[] {
  const home = settings.caller['HOME'];
  const directories = callerPath(settings).filter((path) => !isSystem(path));
  const places = [...directories, ...directories.flatMap(linkedPrograms)];
  return [...new Set(places.flatMap((path) => withLibraries(path, home)))];
}

function isSystem(path: string): boolean {
  return systemPath.split(':').includes(path);
}

/** A directory of programs with the libraries beside it, but no home as a whole. System directories are seen anyway. */
function withLibraries(directory: string, home: string | undefined): readonly string[] {
  if (isSystem(directory)) return [];
  const around = dirname(directory);
  if (basename(directory) !== 'bin' || around === '/' || around === home) return [directory];
  // go needs all of its installation.
  if (existsSync(join(around, 'pkg', 'tool'))) return [around];
  return [directory, ...['lib', 'lib64', 'libexec'].map((name) => join(around, name))];
}
