/** Reads the development set as `plan --input` does, and prints the score. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const path = (name: string) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const gold = path('test/fixtures/gold/issues.jsonl');
const directory = mkdtempSync(join(tmpdir(), 'mosaic-eval-'));
const predictions = join(directory, 'predictions.jsonl');

function run(...args: string[]): number {
  const { status } = spawnSync(process.execPath, args, {
    stdio: 'inherit',
    env: { GITEA_URL: 'https://git.example.test' },
  });
  return status ?? 1;
}

const plan = ['plan', '--input', gold, '--output', predictions];
process.exitCode =
  run('--import', 'tsx', path('src/main.ts'), ...plan) ||
  run(path('test/fixtures/gold/score.mjs'), gold, predictions, ...process.argv.slice(2));
rmSync(directory, { recursive: true });
