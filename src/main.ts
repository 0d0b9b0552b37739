#!/usr/bin/env node
const { node } = process.versions;
if (Number.parseInt(node, 10) < 24) {
  console.error(`mosaic-coordinator needs Node 24 or newer; this is Node ${node}.`);
  process.exit(1);
}
const args = process.argv.slice(2);
const { processIo } = await import('./cli/program.ts');
// Gates, verifier and runner need little of the service: alone they start in a third of the time.
const { runCommandLine } =
  args[0] === 'gates'
    ? await import('./cli/gates/command-line.ts')
    : args[0] === 'verify'
      ? await import('./cli/verify.ts')
      : args[0] === 'work'
        ? await import('./cli/work/work.ts')
        : await import('./cli/command-line.ts');
const isService = args.length === 0 || args[0] === 'serve';
// What these have under way is ended in order, also when its terminal is gone, or the reader of its log.
const endsInOrder = args[0] === 'verify' || args[0] === 'work';
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (endsInOrder && isUnread(error)) return;
  // The reader of a command has seen enough, as in `| head`; the service closes on any error.
  if (isService || error.code !== 'EPIPE') throw error;
  process.exit(0);
});
if (endsInOrder)
  process.stderr.on('error', (error: NodeJS.ErrnoException) => {
    if (!isUnread(error)) throw error;
  });
process.exitCode = await runCommandLine(args, processIo());

/** Nobody can read what is written: a closed pipe, a closed terminal. */
function isUnread({ code }: NodeJS.ErrnoException): boolean {
  return code === 'EPIPE' || code === 'EIO';
}

export {};
