import { chmodSync, copyFileSync, linkSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

import { expect } from 'vitest';

import { createJournal } from '../../src/work/journal.ts';
import { searchPath } from '../support/process.ts';
import { apiToken } from '../support/service.ts';
import {
  createCanary,
  secretsBelow,
  secretsIn,
  secretsInObjects,
  type Secrets,
} from '../support/secrets.ts';
import { findAgent } from './support/agent-binaries.ts';
import { bash, claudeSceneTest } from './support/claude-scene.ts';
import { eventually } from './support/eventually.ts';

const program = findAgent('claude');

/** What needs no other's file and no other's environment. */
const look =
  'env; tr "\\0" "\\n" < /proc/$PPID/environ; for p in /proc/[0-9]*; do tr "\\0" " " < $p/cmdline; done; find "$HOME" . -type f -size -200k -not -path "*/seen" -exec cat {} +';
/** All that the sandbox leaves to be seen. */
const lookEverywhere = `${look}; cat /proc/[0-9]*/environ; find / -xdev -type f -size -200k -not -path "/proc/*" -not -path "/sys/*" -not -path "/usr/*" -not -path "*/node_modules/*" -not -path "*/seen" -exec cat {} +; find /tmp "$HOME/.." "$HOME/../.." -maxdepth 2; git cat-file --batch --batch-all-objects`;

/** Claude Code, whose stream is kept in its home. Below node_modules, so that a sandbox shows the program beside it. */
function recordingProgram(directory: string): string {
  const modules = join(directory, 'programs', 'node_modules');
  const folder = join(modules, '.bin');
  mkdirSync(folder, { recursive: true });
  const copy = join(modules, 'claude-code');
  try {
    linkSync(program ?? '', copy);
  } catch {
    // Another file system.
    copyFileSync(program ?? '', copy);
  }
  writeFileSync(
    join(folder, 'claude'),
    `#!/bin/bash\nset -o pipefail\n${modules}/claude-code "$@" | tee -a "$HOME/stream.jsonl"\n`,
  );
  chmodSync(join(folder, 'claude'), 0o755);
  return folder;
}

for (const [mode, command] of [
  ['bwrap', lookEverywhere],
  ['none', look],
] as const) {
  const known = {
    'token of the coordinator': createCanary('worker'),
    'key of the model': createCanary('sk-ant'),
    'secret of the webhook': createCanary('hook'),
  };
  claudeSceneTest(
    `no secret of the runner is in stream, transcript and commits of an agent in the mode ${mode}`,
    {
      script: {
        turns: [
          bash(`{ ${command}; } > ~/seen 2>&1; tail -c 20000 ~/seen`),
          bash('echo looked > looked.txt && git add -A && git commit -qm "Look around"'),
          // The test looks at the private directory meanwhile.
          { delayMs: 300_000, text: 'Nothing was found.' },
        ],
      },
      operator: createCanary('operator'),
      env: { API_TOKENS: `tests:${apiToken},runner:worker:${known['token of the coordinator']}` },
    },
    async (scene) => {
      const { place, model, home } = scene;
      const runner = scene.startClaude(['--sandbox', mode], {
        PATH: `${recordingProgram(home)}${delimiter}${searchPath}`,
        COORDINATOR_TOKEN: known['token of the coordinator'],
        ANTHROPIC_API_KEY: known['key of the model'],
        GITEA_WEBHOOK_SECRET: known['secret of the webhook'],
      });
      await eventually(120_000, async () => expect(await model.waiting()).toBe(1));
      const held = (await createJournal(join(place, 'journal'), 1).read())?.claim;
      const secrets: Secrets = {
        ...known,
        'credential of git': scene.gitToken,
        'token of the claim': held?.token ?? '',
      };
      const own = join(place, 'homes', held?.claimId ?? '');
      // It did look, and what it saw is in stream and transcript.
      const word = 'ANTHROPIC_BASE_URL=http://127.0.0.1:';
      expect(readFileSync(join(own, 'seen'), 'utf8')).toContain(word);
      const files = Object.keys(secretsBelow(own, { word: 'Look around' }));
      expect(files).toContain('stream.jsonl');
      expect(files.filter((file) => /^\.claude\/projects\/.*\.jsonl$/.test(file))).toHaveLength(1);
      // Stream, transcript, what it saw, checkout and mirror: the journal alone holds a secret.
      expect(secretsBelow(place, secrets)).toEqual({
        'journal/job-1.json': ['token of the claim'],
      });
      expect(secretsIn(await model.asked(), secrets)).toEqual([]);
      await model.release();
      await runner.exit();
      expect(scene.pushed()).toEqual(['Look around']);
      expect(secretsIn(`${runner.output.stdout}${runner.output.stderr}`, secrets)).toEqual([]);
      expect(secretsInObjects(scene.repository.bare, secrets)).toEqual([]);
      expect(secretsBelow(place, secrets)).toEqual({});
    },
  );
}
