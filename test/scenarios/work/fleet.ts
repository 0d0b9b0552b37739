import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { z } from 'zod';

import { createDatabase } from '../../../src/db/database.ts';
import { locationIn } from '../../support/database.ts';
import { historyOf } from '../../support/git-commits.ts';
import { searchPath, startChild } from '../../support/process.ts';
import { startVerifyingProcesses } from '../crash/verifying.ts';

/** What a fleet has to do. */
export interface FleetPlan {
  /** The issues that each one waits for, by their place in this list, counted from 1; all come before it. */
  readonly blockers: readonly (readonly number[])[];
  readonly runners: number;
  readonly verifiers: number;
  /** Time that an agent works on an average issue; the others take two to four thirds of it. */
  readonly agentMs: number;
  readonly deadlineMs: number;
  /** The program of the real Claude Code, which then runs the agent as a scripted model says. */
  readonly claude?: string;
}

/** Twenty issues: six layers, with chains, a fan, and issues that wait for several. */
export const twentyIssues: FleetPlan['blockers'] = [
  ...[[], [], [], []],
  ...[[1], [1], [2], [2, 3], [4]],
  ...[[5], [6, 7], [8], [9]],
  ...[[10, 11], [12], [12, 13]],
  ...[[14], [15, 16], [16]],
  [17, 18],
];

/** A claim as the coordinator stored it; times in epoch milliseconds. */
interface Claim {
  readonly number: number;
  readonly worker: string;
  readonly claimedAt: number;
  readonly endedAt: number;
  readonly outcome: string | null;
}

/** An agent that works for a bounded time on what its blockers have left, and commits one file. */
const agent = `
import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
const [record, agentMs] = process.argv.slice(2);
const { MOSAIC_NUMBER: number, MOSAIC_ISSUE_FILE: file } = process.env;
const startedAt = Date.now();
for (const [, blocker] of readFileSync(file, 'utf8').matchAll(/Blocked by: #(\\d+)/g))
  if (!existsSync('src/issue-' + blocker + '.js')) throw new Error('The work of #' + blocker + ' is not here.');
await sleep(Number(agentMs) * (2 + ((number * 7) % 5) / 2) / 3);
writeFileSync('src/issue-' + number + '.js', 'export const number = ' + number + ';\\n');
execFileSync('git', ['add', '.']);
execFileSync('git', ['commit', '--quiet', '--message', 'Issue ' + number]);
appendFileSync(record, JSON.stringify({ number: Number(number), startedAt, endedAt: Date.now() }) + '\\n');
`;
const workSchema = z.object({ number: z.number(), startedAt: z.number(), endedAt: z.number() });

export type FleetRun = Awaited<ReturnType<typeof runFleet>>;

/**
 * Lets runners work off issues that wait for each other: coordinator, verifier, runners and agents are processes of
 * their own, git is real, and a person merges each pull request as soon as it is there. Ends when all are merged.
 */
export async function runFleet(plan: FleetPlan) {
  const { blockers, runners, verifiers, agentMs, deadlineMs, claude } = plan;
  const world = await startVerifyingProcesses();
  const { gitea, directory } = world;
  world.publish({});
  const service = await world.startService();
  for (let started = 0; started < verifiers; started += 1) world.startVerifier();
  const script = join(directory, 'agent.mjs');
  const record = join(directory, 'record.jsonl');
  writeFileSync(script, agent);
  const command = [process.execPath, script, record, String(agentMs)];
  const workers = Array.from({ length: runners }, (_, index) => `worker-${index + 1}`);
  const environment =
    claude === undefined ? {} : await scriptClaude({ directory, blockers, command, claude });
  const fleet = workers.map((worker) =>
    world.startRunner(worker, claude === undefined ? command : [], environment),
  );
  for (const { until, output } of fleet)
    await until('it waited', () => output.stdout.includes('waiting for issues') || undefined);

  const startedAt = Date.now();
  const openedAt = new Map<number, number>();
  for (const [index, waitsFor] of blockers.entries()) {
    openedAt.set(world.openIssue(`Issue ${index + 1}`, bodyOf(index + 1, waitsFor)), Date.now());
  }
  const mergedAt = new Map<number, number>();
  while (mergedAt.size < blockers.length) {
    if (Date.now() - startedAt > deadlineMs) {
      const said = fleet.map(({ output }) => output.stdout.slice(-2_000)).join('\n');
      throw new Error(`merged after ${deadlineMs} ms: ${[...mergedAt.keys()].join()}\n${said}`);
    }
    mergeOpenPulls(world, mergedAt);
    await sleep(20);
  }
  await gitea.settled();
  for (const { send, exit } of fleet) {
    send('SIGTERM');
    await exit();
  }
  await service.kill('SIGTERM');
  return {
    ...{ blockers, workers, verifiers, startedAt, openedAt, mergedAt },
    claims: await readClaims(locationIn(directory)),
    pulls: world.pulls().length,
    work: readFileSync(record, 'utf8')
      .trim()
      .split('\n')
      .map((line) => workSchema.parse(JSON.parse(line))),
  };
}

/** Its first line is in no title, so in no list of commits that a model is shown. */
function bodyOf(number: number, waitsFor: readonly number[]): string {
  const lines = waitsFor.map((blocker) => `Blocked by: #${blocker}`);
  return [`Words of ${number}.`, 'Difficulty: low', ...lines].join('\n\n');
}

/** Starts a model that has Claude Code run the agent of the issue in its prompt; resolves to what the runner needs. */
async function scriptClaude({
  directory,
  blockers,
  command,
  claude,
}: Pick<FleetPlan, 'blockers'> & {
  readonly directory: string;
  readonly command: readonly string[];
  readonly claude: string;
}) {
  const cases = blockers.map((waitsFor, index) => {
    const number = index + 1;
    const file = join(directory, `issue-${number}.txt`);
    writeFileSync(file, bodyOf(number, waitsFor));
    const run = `MOSAIC_NUMBER=${number} MOSAIC_ISSUE_FILE=${file} ${command.join(' ')}`;
    const turns = [{ tools: [{ name: 'Bash', input: { command: run } }] }, { text: 'Done.' }];
    return { prompt: `Words of ${number}\\.`, turns };
  });
  const script = join(directory, 'script.json');
  writeFileSync(script, JSON.stringify({ turns: [{ text: 'I do not know this issue.' }], cases }));
  const standIn = fileURLToPath(new URL('../../support/scripted-claude.mjs', import.meta.url));
  const args = [standIn, '--quiet', '--script', script];
  const model = startChild({ args, environment: {}, directory });
  const url = await model.until(
    'it listened',
    () => /\{"listening":"([^"]+)"\}/.exec(model.output.stdout)?.[1],
  );
  return {
    PATH: `${dirname(claude)}:${searchPath}`,
    ...{ ANTHROPIC_API_KEY: 'sk-ant-key-of-the-fleet', ANTHROPIC_BASE_URL: url },
  };
}

/** What a person does: merges each open pull request in git and on Gitea, which closes its issue. */
function mergeOpenPulls(
  { gitea, repository }: Awaited<ReturnType<typeof startVerifyingProcesses>>,
  mergedAt: Map<number, number>,
): void {
  const stored = gitea.repositories.get(2);
  for (const [pull, { head }] of stored?.pulls ?? []) {
    if (stored === undefined || gitea.issueOf(`acme/orbit#${pull}`).open === false) continue;
    repository.git('fetch', '--quiet', 'origin');
    repository.git('merge', '--quiet', '--no-edit', `origin/${head}`);
    repository.git('push', '--quiet', 'origin', 'main');
    Object.assign(stored, historyOf(repository.bare));
    mergedAt.set(Number(/^agent\/issue-(\d+)/.exec(head)?.[1]), Date.now());
    gitea.as('maria').mergePull(`acme/orbit#${pull}`);
    stored.head = repository.git('rev-parse', 'HEAD');
  }
}

async function readClaims(path: string): Promise<Claim[]> {
  const db = createDatabase(path);
  const rows = await db.selectFrom('claims').selectAll().orderBy('claimed_at').execute();
  await db.destroy();
  return rows.map(({ number, worker, claimed_at: claimedAt, ended_at, outcome }) => ({
    ...{ number, worker, claimedAt, endedAt: ended_at ?? Infinity, outcome },
  }));
}

/** When the last blocker of an issue was merged, or the issue was opened. */
function readyAt({ openedAt, mergedAt, blockers }: FleetRun, number: number): number {
  const waitsFor = blockers[number - 1] ?? [];
  const times = waitsFor.map((blocker) => mergedAt.get(blocker) ?? Infinity);
  return Math.max(openedAt.get(number) ?? Infinity, ...times);
}

/** Whatever is not as it has to be: one claim and one pull request an issue, none before its blockers are merged. */
export function objections(run: FleetRun): string[] {
  const { claims, blockers, pulls } = run;
  const count = blockers.length;
  const numbers = blockers.map((_, index) => index + 1);
  return [
    ...(claims.length === count ? [] : [`${claims.length} claims of ${count} issues`]),
    ...(pulls === count ? [] : [`${pulls} pull requests of ${count} issues`]),
    ...numbers.flatMap((number) => {
      const times = claims.filter((claim) => claim.number === number).length;
      return times === 1 ? [] : [`#${number} was claimed ${times} times`];
    }),
    ...claims.flatMap((claim) =>
      claim.outcome === 'completed' ? [] : [`#${claim.number} ended ${claim.outcome}`],
    ),
    ...claims.flatMap(({ number, claimedAt }) =>
      claimedAt >= readyAt(run, number)
        ? []
        : [`#${number} was claimed ${readyAt(run, number) - claimedAt} ms too early`],
    ),
  ];
}

/** Time of runners without a claim while an issue was ready: summed over the runners, and the longest stretch. */
export function idleWhileReady(run: FleetRun): {
  readonly sumMs: number;
  readonly longestMs: number;
} {
  const { claims, workers, startedAt } = run;
  const issues = claims.map(({ number, claimedAt }) => ({
    from: readyAt(run, number),
    to: claimedAt,
  }));
  const times = new Set([startedAt, ...claims.map(({ endedAt }) => endedAt)]);
  for (const { from, to } of issues) times.add(from).add(to);
  const sorted = [...times].filter(Number.isFinite).sort((a, b) => a - b);
  let [sumMs, longestMs, stretchMs] = [0, 0, 0];
  for (const [index, from] of sorted.entries()) {
    const lengthMs = (sorted[index + 1] ?? from) - from;
    const ready = issues.filter((issue) => issue.from <= from && from < issue.to).length;
    const busy = claims.filter(({ claimedAt, endedAt }) => claimedAt <= from && from < endedAt);
    const idle = Math.min(ready, workers.length - busy.length);
    sumMs += idle * lengthMs;
    stretchMs = idle > 0 ? stretchMs + lengthMs : 0;
    longestMs = Math.max(longestMs, stretchMs);
  }
  return { sumMs, longestMs };
}

/** The figures, as lines. */
export function describeFleet(run: FleetRun): string[] {
  const { claims, blockers, pulls, mergedAt, startedAt, work, workers, verifiers } = run;
  const idle = idleWhileReady(run);
  const wallMs = Math.max(...mergedAt.values()) - startedAt;
  const workMs = new Map(work.map((each) => [each.number, each.endedAt - each.startedAt]));
  const sumMs = [...workMs.values()].reduce((sum, ms) => sum + ms, 0);
  const pathMs: number[] = [];
  for (const [index, waitsFor] of blockers.entries())
    pathMs.push(
      (workMs.get(index + 1) ?? 0) +
        Math.max(0, ...waitsFor.map((number) => pathMs[number - 1] ?? 0)),
    );
  const heldMs = claims.reduce((sum, { claimedAt, endedAt }) => sum + endedAt - claimedAt, 0);
  const waits = claims.map(({ number, claimedAt }) => claimedAt - readyAt(run, number));
  const inReview = claims.map(
    ({ number, endedAt }) => (mergedAt.get(number) ?? Infinity) - endedAt,
  );
  return [
    `${blockers.length} issues, ${workers.length} runners, ${verifiers} verifiers: ${claims.length} claims, ${pulls} pull requests`,
    `wall time ${seconds(wallMs)}; the agents' work ${seconds(sumMs)}, by the number of runners ${seconds(sumMs / workers.length)}; the longest chain of it ${seconds(Math.max(...pathMs))}`,
    `claims held ${seconds(heldMs)}, of which ${seconds(heldMs - sumMs)} were git, gates and waiting for the verdict`,
    `idle runners while an issue was ready: ${seconds(idle.sumMs)} in all, ${seconds(idle.longestMs)} at the longest`,
    `from ready to claimed: at the median ${seconds(median(waits))}, at the most ${seconds(Math.max(...waits))} (all runners busy included)`,
    `from the end of the claim to the merge: at the median ${seconds(median(inReview))}, at the most ${seconds(Math.max(...inReview))}`,
    ...objections(run).map((objection) => `WRONG: ${objection}`),
  ];
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(2)} s`;
}
