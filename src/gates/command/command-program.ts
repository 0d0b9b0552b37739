import { access, constants, mkdir, realpath, stat } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';

import type { CommandRequest } from '../gate.ts';
import type { SandboxCommand } from '../process/sandbox.ts';
import { commandEnvironment, type CommandSettings } from './command-environment.ts';

/** A program to start, with the directories it needs beside those of every tool. */
export type Program = SandboxCommand;

/** What is to be started for a command of the gates file; a sentence when it cannot be. */
export async function commandProgram(
  request: CommandRequest & { readonly network: boolean },
  { directory, settings }: { readonly directory: string; readonly settings: CommandSettings },
): Promise<Program | string> {
  const { command, network, env: own } = request;
  const place = await placeInside(directory, request.in);
  if (place === undefined)
    return `There is no directory ${request.in} in the checkout: correct "in" in the gates file.`;
  const { environment, ...paths } = commandEnvironment(settings, {
    directory: place,
    network,
    own,
  });
  for (const path of paths.writable) await mkdir(path, { recursive: true, mode: 0o700 });
  const program = { directory: place, environment, network, ...paths };
  if (typeof command === 'string') return { ...program, command: '/bin/sh', args: ['-c', command] };
  const [name = '', ...args] = command;
  const found = await findProgram(name, { directory: place, path: environment['PATH'] ?? '' });
  return found === undefined ? missingProgram(name) : { ...program, command: found, args };
}

/** Says that a program is missing, and what to do. */
export function missingProgram(name: string): string {
  return `There is no program ${name} for the commands of the gates file: install it on this machine, in a directory that PATH names, or by a step "install" of the gates file.`;
}

/** The directory, unless a link of the checkout leads out of it. */
async function placeInside(directory: string, path: string): Promise<string | undefined> {
  const top = await realpath(directory);
  const place = await realpath(join(directory, path)).catch(() => undefined);
  if (place === undefined || relative(top, place).startsWith('..')) return undefined;
  return (await stat(place)).isDirectory() ? place : undefined;
}

async function findProgram(
  name: string,
  { directory, path }: { readonly directory: string; readonly path: string },
): Promise<string | undefined> {
  const places = name.includes('/') ? [directory] : path.split(':');
  for (const place of places) {
    const file = resolve(place, name);
    const usable = await access(file, constants.X_OK).then(
      async () => (await stat(file)).isFile(),
      () => false,
    );
    if (usable) return file;
  }
  return undefined;
}
