import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { eventually } from '../../live/support/eventually.ts';
import { containing } from '../../support/matching.ts';
import { mainArguments, startChild } from '../../support/process.ts';
import { processesOf } from '../../support/processes.ts';
import { startWorkScene } from '../../support/work-scene.ts';
import { claim } from '../../support/workers.ts';

/** Goes on until it is stopped, and so does what has left its session. */
const agent = `
require('node:fs').writeFileSync('half.txt', 'half');
require('node:child_process').spawn(process.execPath, ['--eval', 'setInterval(() => {}, 1000)'],
  { detached: true, stdio: 'ignore' });
setInterval(() => {}, 1000);
`;

/** Starts a runner under another program, which hears its log. */
async function startUnder(command: string, argsOf: (words: readonly string[]) => string[]) {
  const scene = await startWorkScene({ env: { VERIFIERS: '0' } });
  const args = ['work', '--directory', `${scene.home}/work`, '--sandbox', 'none'];
  const program = join(scene.home, 'agent.cjs');
  writeFileSync(program, agent);
  const words = [process.execPath, ...mainArguments, ...args, '--', process.execPath, program];
  const environment = { ...scene.operatorEnvironment, TERM: 'xterm' };
  const shell = startChild({ command, args: argsOf(words), environment, directory: scene.home });
  await shell.until('its agent works', () =>
    shell.output.stdout.includes('the agent works') ? true : undefined,
  );
  const agents = () => processesOf(`${scene.place}/homes`);
  await eventually(30_000, () => {
    expect(agents()).toHaveLength(2);
    return Promise.resolve();
  });
  const [runner = 0] = processesOf(`HOME=${scene.home}\0`).filter((pid) =>
    readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith(process.execPath),
  );
  return { scene, shell, agents, runner };
}

async function expectHandedBack({
  scene,
  agents,
  runner,
}: Awaited<ReturnType<typeof startUnder>>): Promise<void> {
  await eventually(30_000, () => {
    expect(existsSync(`/proc/${runner}`)).toBe(false);
    return Promise.resolve();
  });
  expect(agents()).toEqual([]);
  expect(scene.pushed()).toEqual(['wip: acme/orbit#1']);
  expect((await claim(scene.service, 'worker-2')).claim).toMatchObject({
    handoff: { content: containing('on the branch') },
  });
}

test('a runner whose log nobody reads any more stops in order: `work | tee` and Ctrl-C', async () => {
  // The reader ends when the agent works.
  const script = '"$@" | sed "/the agent works/q"';
  const started = await startUnder('/bin/sh', (words) => ['-c', script, 'sh', ...words]);
  process.kill(started.runner, 'SIGTERM');
  await expectHandedBack(started);
}, 120_000);

test('a runner whose terminal is closed stops in order', async () => {
  const started = await startUnder('script', (words) => ['-qfc', words.join(' '), '/dev/null']);
  await started.shell.kill('SIGKILL');
  await expectHandedBack(started);
}, 120_000);
