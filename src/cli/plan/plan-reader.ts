import { createClaude } from '../../claude/client.ts';
import type { PlanConfig } from '../../config.ts';
import type { TextReading } from '../../reading/read-text.ts';
import type { IssueText, Reading } from '../../issue/reading.ts';
import type { Logger } from '../../log.ts';
import type { KnownIssue } from '../../reading/known-issues.ts';
import { createReader, type ClaudeDeps } from '../../reading/reader.ts';
import { createTextReader } from '../../reading/text-thread.ts';
import { createPatientAsk } from '../../claude/patient-ask.ts';

/** A text, and what the tracker holds around it where that is known. */
interface IssueToRead {
  readonly issue: IssueText;
  readonly known?: readonly KnownIssue[] | undefined;
}

/** What the grammar makes of a text, and what it comes to together with Claude, where Claude reads. */
export interface ReadIssueText {
  readonly text: TextReading;
  readonly reading: Reading;
}

/** Longest body that is read, as in the service. */
const bodyLimit = 1_000_000;

/** The body as far as it is read. */
export function cutBody(body: string): Pick<IssueText, 'body' | 'bodyCut'> {
  return { body: body.slice(0, bodyLimit), bodyCut: body.length > bodyLimit };
}

interface PlanReaderOptions {
  readonly config: PlanConfig;
  readonly log: Logger;
  /** Where it is given, a Claude that is away for now is waited for: told how long. */
  readonly onPause?: (ms: number) => void;
}

/** Reads texts as the service does, but keeps no answers. `claude`: its figures, where it reads. */
export function createPlanReader({ config, log, onPause }: PlanReaderOptions) {
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
          recall: () => Promise.resolve(undefined),
          remember: () => Promise.resolve(),
          asksAgain: false,
        };

  async function read({ issue, known }: IssueToRead, signal: AbortSignal): Promise<ReadIssueText> {
    const text = await createTextReader({ agentNames, trackerUrl, known })(issue, signal);
    const readIssue = createReader({ agentNames, readText: () => Promise.resolve(text), claude });
    return { text, reading: await readIssue(issue, signal) };
  }

  return { read, claude: client };
}
