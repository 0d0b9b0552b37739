import { expect } from 'vitest';

import { rootTokenFile, runCommand, setUp } from './support/command.ts';
import { startCoordinator } from './support/coordinator.ts';
import { createFigures } from './support/figures.ts';
import { findHooks } from './support/hook.ts';
import { liveTest } from './support/live-test.ts';
import { bot } from './support/world.ts';

liveTest(
  'setup makes hook and labels once, and the doctor finds nothing broken then',
  async (world) => {
    const { maria } = world;
    const figures = createFigures('Set-up:');
    const dry = await setUp(world, '--dry-run');
    figures.add(dry.stdout + dry.stderr);
    expect(await findHooks(world)).toEqual([]);
    const first = await setUp(world);
    figures.add(first.stdout + first.stderr);
    expect(first.exitCode).toBe(0);
    const hooks = await findHooks(world);
    expect(hooks).toMatchObject([{ config: { url: `${world.url}/webhook/gitea` } }]);
    const second = await setUp(world);
    figures.add(second.stdout + second.stderr);
    expect(second.exitCode).toBe(0);
    expect(await findHooks(world)).toEqual(hooks);

    const coordinator = await startCoordinator(world);
    // The doctor puts a label on an issue and off again, to see whether a webhook comes.
    await maria.createLabel('bug');
    await maria.open({ title: 'Anything', assignees: [bot] });
    const doctor = await runCommand(world, ['doctor', '--token-file', rootTokenFile(world)]);
    figures.add(doctor.stdout + doctor.stderr);
    expect(doctor.exitCode).toBe(0);
    expect(doctor.stdout).toContain('✔ delivery');
    await coordinator.stop();
  },
);
