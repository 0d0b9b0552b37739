/**
 * Reads the labelled issues as `plan --input` does and prints the score: `npm run bench -- eval` offline,
 * `npm run bench -- eval --live` with Claude, which needs a key. Other arguments go to the scorer.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { z } from 'zod';

import { runCommandLine } from '../src/cli/command-line.ts';
import { exitCodes, processIo } from '../src/cli/program.ts';
import { readEnvironment } from '../src/config.ts';
import { readGold } from '../test/support/gold.ts';

const path = (name: string) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const gold = path('test/fixtures/gold/issues.jsonl');
const live = process.argv.includes('--live');
const scoreArguments = process.argv.slice(2).filter((argument) => argument !== '--live');
const predictionSchema = z.object({
  id: z.string(),
  blockedBy: z.array(z.string()),
  blocks: z.array(z.string()),
});

const directory = mkdtempSync(join(tmpdir(), 'mosaic-eval-'));
try {
  process.exitCode = await evaluate();
} finally {
  rmSync(directory, { recursive: true });
}

type Reader = 'claude' | 'offline';

async function evaluate(): Promise<number> {
  const reader = live ? 'claude' : 'offline';
  const code = await predict(reader);
  if (code !== exitCodes.ok) return code;
  const scorer = path('test/fixtures/gold/score.mjs');
  const args = [scorer, gold, predictionsOf(reader), ...scoreArguments];
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' });
  if (live && status === exitCodes.ok) {
    await predict('offline');
    // Standard output is the scorer's, which may write JSON.
    process.stderr.write(`\n${scoreUndecided()}\n`);
  }
  return status ?? exitCodes.failed;
}

/** Writes what this reader reads. */
function predict(reader: Reader): Promise<number> {
  const environment = {
    ...readEnvironment(),
    GITEA_URL: 'https://git.example.test',
    // The labels name built-in agents.
    AGENTS_FILE: '',
    ISSUE_READER: reader,
  };
  const args = ['plan', '--input', gold, '--output', predictionsOf(reader)];
  return runCommandLine(args, { ...processIo(), environment: () => environment });
}

function predictionsOf(reader: Reader): string {
  return join(directory, `${reader}.jsonl`);
}

/** Result of Claude on the mentions that the grammar leaves undecided: all edges that only Claude names. */
function scoreUndecided(): string {
  const rows = readGold(gold);
  const right = new Set(
    rows.flatMap(({ id, gold: { blockedBy, blocks } }) =>
      edgesOf({
        id,
        blockedBy: blockedBy.map(({ ref }) => ref),
        blocks: blocks.map(({ ref }) => ref),
      }),
    ),
  );
  const offline = readEdges('offline');
  const added = [...readEdges('claude')].filter((edge) => !offline.has(edge));
  const found = added.filter((edge) => right.has(edge));
  const wrong = added.filter((edge) => !right.has(edge));
  const precision = added.length === 0 ? '-' : (found.length / added.length).toFixed(3);
  return [
    `mentions left undecided by the grammar: Claude makes ${added.length} of them an edge, ${found.length} are right, precision ${precision}`,
    ...wrong.map((edge) => `  wrong: ${edge}`),
  ].join('\n');
}

function readEdges(reader: Reader): ReadonlySet<string> {
  const lines = readFileSync(predictionsOf(reader), 'utf8').trim().split('\n');
  return new Set(lines.flatMap((line) => edgesOf(predictionSchema.parse(JSON.parse(line)))));
}

function edgesOf({ id, blockedBy, blocks }: z.infer<typeof predictionSchema>): string[] {
  return [
    ...blockedBy.map((ref) => `${id} blocked by ${ref.toLowerCase()}`),
    ...blocks.map((ref) => `${id} blocks ${ref.toLowerCase()}`),
  ];
}
