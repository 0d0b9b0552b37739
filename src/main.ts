#!/usr/bin/env node
const [major = 0] = process.versions.node.split('.').map(Number);
if (major < 24) {
  console.error(
    `mosaic-coordinator needs Node 24 or newer; this is Node ${process.versions.node}.`,
  );
  process.exit(1);
}
const { processIo, runCommandLine } = await import('./cli/command-line.ts');
process.exitCode = await runCommandLine(process.argv.slice(2), processIo());

export {};
