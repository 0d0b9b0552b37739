import { join, resolve } from 'node:path';

import type { Command } from 'commander';
import { z } from 'zod';

import { loadCoordinatorUrl } from '../../config.ts';
import type { Io } from '../io.ts';
import { parseOptions } from '../options.ts';
import { agentsBlock, mergeAgentsBlock } from './agents-md.ts';
import { mergeServers, mergeSettings } from './claude-settings.ts';
import { readJson, readProjectFile, toJson, writeProjectFile } from './project-file.ts';

const optionsSchema = z.object({
  write: z.boolean().default(false),
  directory: z.string().min(1).default('.'),
});

const claudeHelp = `
Reads COORDINATOR_URL. Claude Code then needs MOSAIC_TOKEN (a token with the role worker), MOSAIC_CLAIM_ID and
MOSAIC_CLAIM_TOKEN in its environment: the files name the variables, and hold no secret.

With --write the two files keep all that is in them; what an earlier run wrote is brought up to date.`;

/** Adds `connect`: lets an agent that a person started work with the coordinator. */
export function addConnectCommand(program: Command, io: Io): void {
  const connect = program
    .command('connect')
    .description('wire an agent of your own to the coordinator');
  const add = (name: string, description: string, act: (options: unknown) => void) =>
    connect
      .command(name)
      .description(description)
      .option('--write', 'change the files of the project; without it they are printed')
      .option('--directory <dir>', 'root of the project (default: here)')
      .action(act);
  add(
    'claude',
    'status line, hooks and MCP server for Claude Code: .claude/settings.local.json and .mcp.json',
    (options) => connectClaude(io, options),
  ).addHelpText('after', claudeHelp);
  add('agents-md', 'a section of AGENTS.md for agents of any make', (options) =>
    connectAgentsMd(io, options),
  );
}

function connectClaude(io: Io, given: unknown): void {
  const { write, directory } = parseOptions(optionsSchema, given);
  const url = loadCoordinatorUrl(io.environment());
  const files = [
    { path: join('.claude', 'settings.local.json'), merge: mergeSettings },
    { path: '.mcp.json', merge: mergeServers },
  ];
  if (!write) {
    for (const { path, merge } of files)
      io.stdout.write(`${path}:\n${toJson(merge({}, { url, path }).value)}`);
    return;
  }
  // All are read and merged before the first is written.
  const merged = files.map(({ path, merge }) => {
    const file = resolve(directory, path);
    const before = readProjectFile(file);
    const { value, notes } = merge(readJson(before, path), { url, path });
    return { file, path, before, notes, after: toJson(value, before) };
  });
  for (const { file, path, before, after, notes } of merged) {
    report(io, { path, changed: writeProjectFile(file, { before, after }) });
    for (const note of notes) io.stdout.write(`${note}\n`);
  }
}

function connectAgentsMd(io: Io, given: unknown): void {
  const { write, directory } = parseOptions(optionsSchema, given);
  if (!write) {
    io.stdout.write(agentsBlock);
    return;
  }
  const path = 'AGENTS.md';
  const file = resolve(directory, path);
  const before = readProjectFile(file);
  const after = mergeAgentsBlock(before ?? '');
  report(io, { path, changed: writeProjectFile(file, { before, after }) });
}

function report(io: Io, { path, changed }: { readonly path: string; readonly changed: boolean }) {
  io.stdout.write(changed ? `${path}: written.\n` : `${path}: nothing to change.\n`);
}
