import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { z } from 'zod';

import { startChild } from '../../support/process.ts';
import { temporaryDirectory } from '../../support/service.ts';

const stateSchema = z.object({ waiting: z.number() });

/** The stand-in for the API of the model, which follows a script (the form is in `test/support/scripted-claude.mjs`). */
export async function startScriptedModel(script: object) {
  const directory = temporaryDirectory();
  const file = join(directory, 'script.json');
  writeFileSync(file, JSON.stringify(script));
  const program = fileURLToPath(new URL('../../support/scripted-claude.mjs', import.meta.url));
  const model = startChild({
    args: [program, '--quiet', '--script', file],
    environment: {},
    directory,
  });
  const url = await model.until(
    'it listened',
    () => /\{"listening":"([^"]+)"\}/.exec(model.output.stdout)?.[1],
  );
  return {
    url,
    /** Bodies of the requests so far. */
    asked: async () => (await fetch(`${url}/_scripted/requests?full=1`)).text(),
    /** Number of answers that wait now. */
    waiting: async () =>
      stateSchema.parse(await (await fetch(`${url}/_scripted/state`)).json()).waiting,
    /** Ends every wait of the script. */
    release: () => fetch(`${url}/_scripted/release`, { method: 'POST' }),
  };
}
