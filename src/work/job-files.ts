import { join } from 'node:path';

import type { ClaimedIssueAnswer, IssueTextAnswer } from '../issue/claim-answers.ts';
import { readPrivateFile, writePrivateFile } from './private-files.ts';
import type { Checkout } from './workspace/checkout.ts';

/** Longest text that is read from an agent. */
const maxBytes = 64 * 1024;
const folder = 'mosaic';

export type JobFiles = ReturnType<typeof writeJobFiles>;

/** Files and variables that tell a program about its issue. The directory is the private one of the claim. */
export function writeJobFiles(
  home: string,
  {
    claim,
    text,
    checkout,
  }: {
    readonly claim: ClaimedIssueAnswer;
    readonly text: IssueTextAnswer | undefined;
    readonly checkout: Pick<Checkout, 'branch' | 'baseBranch' | 'base'>;
  },
) {
  const path = (name: string) => join(home, folder, name);
  const write = (name: string, words: string) => writePrivateFile(home, `${folder}/${name}`, words);
  const read = (name: string) => {
    const words = readPrivateFile(home, `${folder}/${name}`, maxBytes)?.trim();
    return words === '' ? undefined : words;
  };
  write('plan.json', `${JSON.stringify(claim.plan, undefined, 2)}\n`);
  write('issue.md', `${text?.title ?? claim.plan.title}\n\n${text?.body ?? ''}\n`);
  const [repository = '', number = ''] = claim.issue.split('#');
  return {
    questionFile: path('question'),

    variables: {
      MOSAIC_ISSUE: claim.issue,
      MOSAIC_REPOSITORY: repository,
      MOSAIC_NUMBER: number,
      MOSAIC_TITLE: oneLineOf(claim.plan.title),
      MOSAIC_URL: claim.plan.url,
      MOSAIC_AGENT: claim.agent,
      MOSAIC_BRANCH: checkout.branch,
      MOSAIC_BASE_BRANCH: checkout.baseBranch,
      MOSAIC_BASE_COMMIT: checkout.base,
      MOSAIC_PLAN_FILE: path('plan.json'),
      MOSAIC_ISSUE_FILE: path('issue.md'),
      MOSAIC_FINDINGS_FILE: path('findings'),
      MOSAIC_HANDOFF_FILE: path('handoff'),
      MOSAIC_QUESTION_FILE: path('question'),
    },

    /** For the next run; empty when there are none. */
    writeFindings: (findings: string) => write('findings', findings),

    /** What the agent wrote for its successor, and for a person; undefined for nothing. */
    readHandoff: () => read('handoff'),
    readQuestion: () => read('question'),
  };
}

/** A variable cannot hold a zero byte, and shells are surprised by line ends. */
function oneLineOf(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, ' ').trim();
}
