import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { z } from 'zod';

import { loadConfig } from '../../config.ts';
import { createService } from '../../app/service.ts';
import { CoordinatorError } from '../../errors.ts';
import { createLogger } from '../../log.ts';
import {
  askApi,
  readRecordings,
  send,
  signRequest,
  type SignedRequest,
  type RunningService,
} from './demo-client.ts';
import {
  readStory,
  storyPayload,
  storyProblems,
  type Story,
  type StoryEvent,
} from './demo-story.ts';
import type { Io } from '../io.ts';
import { listenForStop } from '../listen-for-stop.ts';
import { renderPlans } from '../commands/issues.ts';
import { printable } from '../output.ts';

export interface DemoOptions {
  /** Folder of the recorded deliveries; by default the one of the checkout. */
  readonly recordings?: string;
}

/** In the checkout; the path is the same from src/cli/demo and from dist/cli/demo. */
const fixtures = fileURLToPath(new URL('../../../test/fixtures/', import.meta.url));
/** Secret of the hook whose deliveries were recorded: the demo's previous secret. */
const recordedSecret = 'orbit-test-secret';
/** Timeout of the story, which takes about a second. */
const timeLimitMs = 60_000;

/**
 * Runs the real service on recorded deliveries and a small story, and prints the plans it made. Throws
 * when a plan is not the expected one; leaves nothing behind.
 */
export async function demo(io: Io, { recordings }: DemoOptions = {}): Promise<void> {
  const recorded = readRecordings(recordings ?? join(fixtures, 'deliveries'));
  const story = readStory(join(fixtures, 'demo-story.json'));
  const stop = listenForStop(io.signal);
  const directory = await mkdtemp(join(tmpdir(), 'mosaic-demo-'));
  try {
    const service = buildService(directory, story.bot);
    try {
      const { url } = await service.coordinator.start();
      const limit = AbortSignal.any([stop.signal, AbortSignal.timeout(timeLimitMs)]);
      const stage: Stage = { ...service, story, io, url, signal: limit };
      print(stage, `Mosaic Coordinator runs at ${url}, its database is in ${directory}.`);
      await playOrStop(stage, recorded);
      printRequests(stage);
    } finally {
      await service.coordinator.close();
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
    stop.release();
  }
}

/** The running service, the story, and the screen. */
type Stage = ReturnType<typeof buildService> &
  RunningService & { readonly story: Story; readonly io: Io };

function buildService(directory: string, bot: string) {
  const secret = randomBytes(24).toString('hex');
  const token = randomBytes(24).toString('hex');
  const config = loadConfig({
    HOST: '127.0.0.1',
    PORT: '0',
    DATABASE_URL: `file:${join(directory, 'coordinator.db')}`,
    GITEA_WEBHOOK_SECRET: secret,
    GITEA_WEBHOOK_SECRET_PREVIOUS: recordedSecret,
    GITEA_URL: 'https://git.example.test',
    GITEA_BOT_USERNAME: bot,
    ISSUE_READER: 'offline',
    // The recordings get older from day to day, and what is older than this is not believed.
    DELIVERY_RETENTION_DAYS: '3650',
    API_TOKENS: `demo:${token}`,
    LOG_LEVEL: 'error',
  });
  const problems: string[] = [];
  const write = (line: string) => void problems.push(`The service logged ${line.trim()}`);
  const coordinator = createService(config, createLogger(config.logLevel, { write }));
  return { coordinator, secret, token, problems };
}

async function playOrStop(stage: Stage, recorded: readonly SignedRequest[]): Promise<void> {
  try {
    await play(stage, recorded);
  } catch (error) {
    if (!stage.signal.aborted) throw error;
    const message = `The demo was stopped before its end, or took longer than ${timeLimitMs / 1_000} s.`;
    throw new CoordinatorError('demo_stopped', message, { cause: error });
  }
}

async function play(stage: Stage, recorded: readonly SignedRequest[]): Promise<void> {
  print(stage, '\nDeliveries as Gitea 1.25.4 sent them, signed with the previous secret:');
  await sendAll(stage, 'recorded deliveries', recorded);
  await settle(stage);
  await playStory(stage, payloadToChange(recorded));
  const plans = await readPlans(stage);
  print(stage, `\n${renderPlans(plans)}`);
  printWarnings(stage, plans);
  const problems = [...stage.problems, ...storyProblems(stage.story, plans)];
  if (problems.length > 0) {
    const list = problems.map((problem) => `  - ${problem}`).join('\n');
    throw new CoordinatorError('demo_failed', `The demo did not go as expected:\n${list}`);
  }
  print(
    stage,
    `\nAll ${stage.story.issues.length} issues of ${stage.story.repository.name} came out as expected.`,
  );
}

function payloadToChange(recorded: readonly SignedRequest[]): Buffer {
  const found = recorded.find(({ name }) => name === 'issues-assigned-bot');
  if (found !== undefined) return found.body;
  const message = 'The recording issues-assigned-bot is missing: the demo needs a full checkout.';
  throw new CoordinatorError('recordings_missing', message);
}

async function playStory(stage: Stage, recorded: Buffer): Promise<void> {
  const { story } = stage;
  const request = (event: StoryEvent) =>
    signRequest(
      stage.secret,
      `garden-${event.number}-${event.action}`,
      storyPayload(story, recorded, event),
    );
  print(stage, `\nA story of ${story.repository.name}, signed with the present secret:`);
  const assignments = story.issues.map(({ number }) => request({ action: 'assigned', number }));
  await sendAll(stage, `issues assigned to ${story.bot}`, assignments);
  await settle(stage);
  await showWaiting(stage, 'blocked');
  await sendAll(stage, 'changes (one issue closed, one unassigned)', story.changes.map(request));
  await settle(stage);
  await showWaiting(stage, 'ready');
  await sendForged(stage, request(story.forged));
  await settle(stage);
}

async function sendAll(stage: Stage, what: string, requests: readonly SignedRequest[]) {
  const counts = { accepted: 0, duplicate: 0, ignored: 0, refused: 0 };
  for (const request of requests) {
    const { status, answer } = await send(stage, request);
    counts[answer] += 1;
    if (answer === 'refused') stage.problems.push(`${request.name} was refused with ${status}.`);
  }
  const { accepted, duplicate, ignored, refused } = counts;
  const repeats = duplicate === 0 ? '' : `${duplicate} seen before, `;
  const outcome = `${accepted} accepted, ${repeats}${ignored} ignored, ${refused} refused`;
  print(stage, `  ${requests.length} ${what}: ${outcome}`);
}

async function settle({ coordinator, signal }: Stage): Promise<void> {
  signal.throwIfAborted();
  await Promise.race([coordinator.idle(), once(signal, 'abort')]);
  signal.throwIfAborted();
}

/** A signed delivery with one byte of the title changed after signing. */
async function sendForged(stage: Stage, request: SignedRequest): Promise<void> {
  const body = Buffer.from(request.body);
  const byte = body.indexOf('"title":"') + '"title":"'.length;
  body[byte] = 'X'.charCodeAt(0);
  const { status, answer } = await send(stage, { ...request, body });
  print(stage, `  forged delivery ${answer} (${status})`);
  if (status !== 401) stage.problems.push(`The forged delivery was answered ${status}, not 401.`);
}

const planSchema = z.object({
  ref: z.string(),
  title: z.string(),
  state: z.string(),
  reason: z.object({ code: z.string(), text: z.string() }),
  estimate: z.object({ likely: z.number() }).nullable(),
  assignment: z.object({ agent: z.string().nullable() }).nullable(),
  warnings: z.array(z.object({ code: z.string(), text: z.string() })),
});
type DemoPlan = z.infer<typeof planSchema>;

async function showWaiting(stage: Stage, expected: string): Promise<void> {
  const { repository, waitingNumber } = stage.story;
  const path = `/issues/${repository.name}/${waitingNumber}`;
  const { ref, state, reason } = planSchema.parse(await askApi(stage, path));
  print(stage, `  ${ref} is ${state}: ${reason.text}`);
  if (state !== expected) stage.problems.push(`${ref} was ${state}, not ${expected}.`);
}

/** All plans, sorted by issue: the API lists the newest change first. */
async function readPlans(stage: Stage): Promise<DemoPlan[]> {
  const page = z.object({ items: z.array(planSchema) });
  const { items } = page.parse(await askApi(stage, '/issues?limit=200'));
  const byIssue = new Intl.Collator('en', { numeric: true });
  return items.sort((a, b) => byIssue.compare(a.ref, b.ref));
}

function printWarnings(stage: Stage, plans: readonly DemoPlan[]): void {
  print(stage, '\nWarnings:');
  for (const { ref, warnings } of plans)
    for (const { code, text } of warnings) print(stage, printable(`  ${ref}: ${text} (${code})`));
}

function printRequests(stage: Stage): void {
  const { url, token } = stage;
  const hint =
    'It ends now; run `npm run demo -- --keep` for a larger world that goes on, and try these there (port and token will differ):';
  print(stage, `\n${hint}\n  curl -s ${url}/health`);
  for (const path of ['issues?limit=20', 'queue'])
    print(stage, `  curl -s -H 'Authorization: Bearer ${token}' '${url}/api/v1/${path}'`);
}

function print({ io }: Stage, text: string): void {
  io.stdout.write(`${text}\n`);
}
