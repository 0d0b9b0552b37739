import { createClaude } from '../../claude/client.ts';
import type { PlanConfig } from '../../config.ts';
import type { IssueText } from '../../issue/reading.ts';
import type { Logger } from '../../log.ts';
import type { CodedText, KnownIssue } from '../../reading/known-issues.ts';
import { createReader, type ClaudeDeps } from '../../reading/reader.ts';
import { createTextReader } from '../../reading/text-reader.ts';
import { createPatientAsk } from '../../claude/patient-ask.ts';

/** Maximum length of a body, in characters, as in the service. */
const maxBody = 1_000_000;

/** The body, cut to the maximum. */
export function cutBody(body: string): Pick<IssueText, 'body' | 'bodyCut'> {
  return { body: body.slice(0, maxBody), bodyCut: body.length > maxBody };
}

interface PlanReaderOptions {
  readonly config: PlanConfig;
  readonly log: Logger;
  /** Called with the delay before a retry of Claude; without it, nothing is retried. */
  readonly onPause?: (ms: number) => void;
  /** Answers of earlier runs; without it none are kept. */
  readonly answers?: Pick<ClaudeDeps, 'recall' | 'remember'> | undefined;
  /** What is known of references, in place of the titles of `known`. */
  readonly describe?: ClaudeDeps['describe'];
}

const noAnswers: Pick<ClaudeDeps, 'recall' | 'remember'> = {
  recall: () => Promise.resolve(undefined),
  remember: () => Promise.resolve(),
};

/** Reads texts as the service does. `claude`: the client, with its counts. */
export function createPlanReader(options: PlanReaderOptions) {
  const { config, log, onPause, answers = noAnswers } = options;
  const agentNames = config.agents.map(({ name }) => name);
  const trackerUrl = config.giteaUrl;
  const client =
    config.claude === undefined
      ? undefined
      : createClaude({ ...config.claude, log, now: Date.now });
  const claude: ClaudeDeps | undefined =
    client === undefined || config.claude === undefined
      ? undefined
      : {
          ...config.claude,
          ask: onPause === undefined ? client.ask : createPatientAsk({ client, onPause }),
          recall: answers.recall,
          remember: answers.remember,
          asksAgain: false,
        };

  const readText = createTextReader({ agentNames, trackerUrl });

  /**
   * `known`: other issues of the tracker. `text`: the result of the grammar alone; `reading`: the final one,
   * for which Claude may have read, too.
   */
  async function read(issue: CodedText, signal: AbortSignal, known?: readonly KnownIssue[]) {
    const text = await readText(issue, signal, known);
    const titles = new Map((known ?? []).map(({ ref, title }) => [ref.toLowerCase(), { title }]));
    const own = `${issue.repository.toLowerCase()}#`;
    const describe = (_issue: IssueText, refs: readonly string[]) => {
      const found = refs.flatMap((ref) => {
        const title = titles.get(ref.replace(/^#/, own));
        return title === undefined ? [] : [[ref, title] as const];
      });
      return Promise.resolve(new Map(found));
    };
    const readIssue = createReader({
      agentNames,
      readText: () => Promise.resolve(text),
      claude: claude && { ...claude, describe: options.describe ?? describe },
    });
    return { text, reading: await readIssue(issue, signal) };
  }

  return { read, claude: client };
}
