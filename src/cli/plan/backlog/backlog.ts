import { resolve } from 'node:path';

import { z } from 'zod';

import { examineConfig, loadBacklogConfig } from '../../../config.ts';
import { CoordinatorError, TryAgainLater } from '../../../errors.ts';
import { createGitea, type Gitea } from '../../../gitea/client.ts';
import { createLogger } from '../../../log.ts';
import { dot, mermaid } from '../../../plans/picture/picture.ts';
import type { KnownReference } from '../../../reading/model/question.ts';
import type { ClaudeDeps } from '../../../reading/reader.ts';
import { describeFailure } from '../../doctor/connection.ts';
import { widthOf, type Io } from '../../io.ts';
import { listenForStop } from '../../listen-for-stop.ts';
import { conceal, repositoryOption } from '../../options.ts';
import { painter, printJson } from '../../output.ts';
import {
  describeFailures,
  pauseNotice,
  progressBar,
  summary,
  type Failure,
} from '../plan-batch.ts';
import { createPlanReader } from '../plan-reader.ts';
import { pictureOfBacklog } from './graph.ts';
import { defaultCache, openKeptAnswers, type KeptAnswers } from './kept-answers.ts';
import { orderBacklog } from './order.ts';
import { createPatientGitea } from './patient-gitea.ts';
import { planBacklog } from './plan-backlog.ts';
import { createBacklogSource, type BacklogSource } from './read-backlog.ts';
import { backlogJson, renderBacklog, type Backlog } from './render-backlog.ts';

/** Options of `plan --repo`. */
export const backlogOptionsSchema = z
  .object({
    repo: repositoryOption,
    state: z.enum(['open', 'closed', 'all'], '--state must be open, closed or all').default('open'),
    assignee: z
      .string()
      .regex(/^[\w.-]{1,100}$/, '--assignee must be a login')
      .optional(),
    cache: z.string().min(1, '--cache must be a folder').optional(),
    json: z.boolean().default(false),
    mermaid: z.boolean().default(false),
    dot: z.boolean().default(false),
  })
  .refine(
    ({ json, mermaid: asMermaid, dot: asDot }) =>
      Number(json) + Number(asMermaid) + Number(asDot) < 2,
    {
      message: 'Use one of --json, --mermaid and --dot',
    },
  );
type Options = z.infer<typeof backlogOptionsSchema>;

type Config = ReturnType<typeof loadBacklogConfig>;

/**
 * Reads the issues of a repository, writes nothing to Gitea, and prints their plans. Standard error has the progress,
 * and what it took. Throws an error whose sentence names the cure.
 */
export async function planRepository(io: Io, options: Options): Promise<void> {
  const environment = io.environment();
  const config = loadBacklogConfig(environment);
  const hide = conceal(examineConfig(environment).secrets);
  const stop = listenForStop(io.signal);
  const progress = createProgress(io);
  try {
    const { backlog, spent } = await readAll({ io, config, options, progress }, stop.signal);
    progress.end();
    print(io, options, backlog);
    io.stderr.write(spent);
  } catch (error) {
    progress.end();
    throw stop.signal.aborted ? progress.stopped(config.claude !== undefined) : worded(error);
  } finally {
    stop.release();
  }

  function worded(error: unknown): unknown {
    if (!(error instanceof CoordinatorError)) return error;
    return new CoordinatorError(error.code, hide(sentenceOf(error, config)), { cause: error });
  }
}

interface Run {
  readonly io: Io;
  readonly config: Config;
  readonly options: Options;
  readonly progress: ReturnType<typeof createProgress>;
}

/** `spent`: lines about what reading took. */
async function readAll(
  run: Run,
  signal: AbortSignal,
): Promise<{ readonly backlog: Backlog; readonly spent: string }> {
  const { config, io, options } = run;
  // Without Claude there is nothing to keep.
  const answers =
    config.claude === undefined
      ? undefined
      : await openKeptAnswers(resolve(options.cache ?? defaultCache(io.environment())));
  const gitea = createGitea({ baseUrl: config.giteaUrl, token: config.giteaToken, now: Date.now });
  try {
    return await readFrom(gitea, run, { answers, signal });
  } finally {
    await Promise.all([gitea.close(), answers?.close()]);
  }
}

async function readFrom(
  gitea: Gitea,
  { io, config, options, progress }: Run,
  { answers, signal }: { readonly answers: KeptAnswers | undefined; readonly signal: AbortSignal },
) {
  const patient = createPatientGitea(gitea, { onPause: progress.onLimit });
  const source = createBacklogSource(patient);
  const repository = await source.findRepository(options.repo, signal);
  if (repository === undefined) throw unknownRepository(options.repo, config);
  const { state, assignee } = options;
  const onPage = progress.onListed;
  const listed = await source.list(repository, { state, assignee }, { onPage, signal });
  const reader = createPlanReader({
    ...{ config, answers, describe: describeListed(source.seen) },
    log: createLogger('error', io.stderr),
    onPause: progress.onPause,
  });
  const failures: Failure[] = [];
  const planned = await planBacklog(listed, {
    source,
    read: async (issue, stop) => {
      const { reading } = await reader.read(issue, stop);
      if (reading.outcome === 'fallback')
        failures.push({ id: `#${issue.number}`, reason: reading.reason ?? '' });
      return reading;
    },
    agents: config.agents,
    holdLabels: config.holdLabels,
    onRead: progress.onRead,
    signal,
  });
  const ordered = orderBacklog(planned, { archived: repository.archived, seen: source.seen });
  const spent = [
    summary(planned.length, config.claude?.model, reader.claude?.status()),
    answers === undefined ? '' : `${answers.recalled()} answers of Claude were kept from before.\n`,
    describeFailures(failures),
    `Gitea was called ${source.calls()} times; nothing was written.\n`,
    source.cutLookups() ? tooManyLookups : '',
  ].join('');
  return { backlog: { ...ordered, repository: repository.name, cut: listed.cut }, spent };
}

/** Titles and states of the listed issues, for the questions to Claude. */
function describeListed(seen: BacklogSource['seen']): NonNullable<ClaudeDeps['describe']> {
  return ({ repository }, refs) => {
    const known = refs.flatMap((ref): [string, KnownReference][] => {
      const issue = seen(ref.replace(/^#/, `${repository}#`));
      if (issue === undefined) return [];
      const state = issue.merged === undefined ? (issue.open ? 'open' : 'closed') : 'pull request';
      return [[ref, { title: issue.title, state }]];
    });
    return Promise.resolve(new Map(known));
  };
}

const tooManyLookups =
  'Warning: the texts name more than 2,000 issues outside the list; the state of the others is unknown.\n';

function print(io: Io, { json, mermaid: asMermaid, dot: asDot }: Options, backlog: Backlog): void {
  if (json) printJson(io, backlogJson(backlog));
  else if (asMermaid) io.stdout.write(mermaid(pictureOfBacklog(backlog)));
  else if (asDot) io.stdout.write(dot(pictureOfBacklog(backlog)));
  else {
    const style = { width: widthOf(io.stdout), paint: painter(io, io.stdout) };
    io.stdout.write(renderBacklog(backlog, style));
  }
}

/** On a terminal one line that is drawn again and again; elsewhere nothing. */
function createProgress({ stderr }: Io) {
  const isTerminal = stderr.isTTY === true;
  let listed = 0;
  let read = 0;
  let isDrawn = false;
  let limitedUntil = 0;
  function draw(line: string): void {
    if (!isTerminal) return;
    isDrawn = true;
    stderr.write(`\r\x1b[K${line}`);
  }
  function end(): void {
    if (isDrawn) stderr.write('\r\x1b[K');
    isDrawn = false;
  }
  return {
    end,
    onListed: (found: number) => {
      listed = found;
      draw(`${found} issues listed ...`);
    },
    onRead: (done: number) => {
      read = done;
      draw(progressBar(done, listed));
    },
    onPause: (ms: number) => {
      end();
      stderr.write(pauseNotice(ms));
    },
    /** Calls side by side are refused side by side: one line a pause. */
    onLimit: (ms: number) => {
      if (Date.now() < limitedUntil) return;
      limitedUntil = Date.now() + ms;
      end();
      stderr.write(`Gitea wants fewer calls: going on in ${Math.ceil(ms / 1_000)} s.\n`);
    },
    stopped: (keeps: boolean) =>
      new CoordinatorError(
        'stopped',
        `Stopped: ${listed} issues were listed and ${read} of them read.${keeps ? ' The answers of Claude are kept: run it again to go on.' : ''}`,
      ),
  };
}

function unknownRepository(name: string, { giteaUrl, giteaToken }: Config): CoordinatorError {
  const cure =
    giteaToken === undefined
      ? 'Correct --repo, or set GITEA_TOKEN if it is private.'
      : 'Correct --repo, or let the user of GITEA_TOKEN read it.';
  return new CoordinatorError(
    'repository_unreadable',
    `Gitea at ${giteaUrl} shows no repository ${name}. ${cure}`,
  );
}

/** What is wrong, and the cure, as the doctor words them. */
function sentenceOf(error: CoordinatorError, { giteaUrl, giteaToken }: Config): string {
  if (!(error instanceof TryAgainLater)) return error.message;
  if (error.code === 'gitea_unavailable' || error.code === 'gitea_timeout')
    return `${error.message} The URL is ${giteaUrl}. Run it again later; if it stays, read the log of Gitea, or of the proxy in front of it.`;
  if (error.code !== 'gitea_auth') {
    const { text, cure = '' } = describeFailure(error, giteaUrl);
    return `${text} ${cure}`.trim();
  }
  return giteaToken === undefined
    ? `Gitea at ${giteaUrl} shows nothing without a token: set GITEA_TOKEN, with the scopes read:issue and read:repository.`
    : `${error.message} Reading needs the scopes read:issue and read:repository.`;
}
