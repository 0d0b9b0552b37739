#!/usr/bin/env node
const { node } = process.versions;
if (Number.parseInt(node, 10) < 24) {
  console.error(`mosaic-coordinator needs Node 24 or newer; this is Node ${node}.`);
  process.exit(1);
}
const { processIo, runCommandLine } = await import('./cli/command-line.ts');
process.exitCode = await runCommandLine(process.argv.slice(2), processIo());

export {};
