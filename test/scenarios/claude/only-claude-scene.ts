import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { z } from 'zod';

import { runCommandLine } from '../../../src/cli/command-line.ts';
import {
  answers,
  claudeEnvironment,
  emptyAnswer,
  startClaude,
  type ClaudeScript,
} from '../../support/claude.ts';
import { stagePublishing } from '../../support/publishing.ts';
import { temporaryDirectory } from '../../support/service.ts';

const turnSchema = z.object({
  references: z.array(z.object({ ref: z.string(), sentences: z.array(z.int()) })),
});

/** A model that says this of every reference, whatever the text says. */
export function insists(relation: string): ClaudeScript {
  return (call, response) => {
    const { references } = turnSchema.parse(JSON.parse(call.messages[0]?.content ?? ''));
    const relations = references.map(({ ref, sentences }) => ({
      ...{ ref, relation },
      sentences: sentences.slice(0, 2),
    }));
    answers({ ...emptyAnswer, relations })(call, response);
  };
}

const proposalSchema = z.array(
  z.object({
    ref: z.string(),
    direction: z.string(),
    standing: z.string(),
    evidence: z.string(),
    readIn: z.string(),
    confirm: z.object({ issue: z.string(), line: z.string() }),
  }),
);

/** Issue 1 of the bot, and issue 2 with a text in which the scripted model reads this relation to it. */
export async function stage(script: ClaudeScript, body: string) {
  const claude = await startClaude(script);
  const { gitea, service, settle, assigned } = await stagePublishing({ claude });
  const one = await assigned('One', 'Nothing else.');
  const two = await assigned('Two', body);
  async function shown(ref: string) {
    const plan = await service.plan(ref);
    return {
      state: plan?.state,
      blockedBy: plan?.blockedBy.map(({ ref: other }) => other) ?? [],
      proposals: proposalSchema.parse(plan?.['proposals']),
      comment: gitea.commentsOf(ref)[0]?.body ?? '',
    };
  }
  async function edit(ref: string, text: string) {
    gitea.as('maria').editIssue(ref, { body: text });
    await settle();
  }
  /** How often an issue was handled so far. */
  const handled = (ref: string) =>
    service.logs.filter(
      ({ msg, issue }) => msg === 'issue handled' && `acme/orbit#${Number(issue)}` === ref,
    ).length;
  return { claude, gitea, service, settle, shown, edit, handled, one, two };
}

export const sentence = 'Pointless until #1 exists.';

/** What `plan` prints of this text, with the same Claude. */
export async function planOf(claude: { readonly url: string }, body: string): Promise<string> {
  const path = join(temporaryDirectory(), 'issue.md');
  writeFileSync(path, body);
  let out = '';
  const stream = { write: (text: string) => (out += text), isTTY: false, columns: 120 };
  await runCommandLine(['plan', path, '--ref', 'acme/orbit#2', '--title', 'Two'], {
    ...{ stdout: stream, stderr: { ...stream, write: () => true } },
    environment: () => claudeEnvironment(claude.url),
  });
  return out;
}

/** What a person writes about #1 to end what Claude alone says of it. */
export const ways = [
  ['not blocked by', 'Not blocked by #1.'],
  ['no longer blocked by', 'No longer blocked by #1.'],
  ['a retraction further down', 'Edit: scratch that, #1 is not needed after all.'],
  ['a strike', '~~#1~~'],
  ['a tick', '- [x] depends on #1'],
  ['related to', 'Related to #1.'],
  ['see', 'See #1.'],
  ['for context only', '#1 is for context only.'],
  ['a list for context only', 'For context only: #1'],
] as const;
