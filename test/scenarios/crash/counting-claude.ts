import { createHash } from 'node:crypto';

import { z } from 'zod';

import type { Environment } from '../../../src/config.ts';
import { cacheKey } from '../../../src/reading/reader.ts';
import { builtInAgents } from '../../../src/planning/built-in-agents.ts';
import { difficulties } from '../../../src/issue/difficulty.ts';
import {
  answers,
  claudeEnvironment,
  emptyAnswer,
  startClaude,
  type ClaudeScript,
} from '../../support/claude.ts';

export interface CountedCall {
  /** Number of the service that made it. */
  readonly life: number;
  /** Key under which its answer is stored. */
  readonly key: string;
}

const agentNames = builtInAgents.map(({ name }) => name);

/** A Claude that knows which of several services asks, by the key of the API each is given. */
export async function startCountingClaude() {
  const claude = await startClaude(readText);
  return {
    /** The environment of the service with this number. */
    envOf: (life: number): Environment => ({
      ...claudeEnvironment(claude.url),
      ANTHROPIC_API_KEY: String(life),
      // A second opinion is a call of its own.
      SECOND_OPINION: 'off',
    }),
    calls: (): CountedCall[] =>
      claude.calls.map(({ model, messages }, index) => ({
        life: Number(claude.headers[index]?.authorization?.replace('Bearer ', '')),
        key: keyOf(model, messages[0]?.content ?? ''),
      })),
  };
}

/** Titles and states of the references are no part of the key. */
function keyOf(model: string, user: string): string {
  const turn = turnSchema.parse(JSON.parse(user));
  return cacheKey([model], JSON.stringify(turn), agentNames);
}

const turnSchema = z.object({
  agents: z.array(z.string()),
  sentences: z.array(z.string()),
  references: z.array(z.object({ ref: z.string(), sentences: z.array(z.int()) })),
});

/** Reads the same out of the same text, whoever asks. */
const readText: ClaudeScript = (call, response) => {
  const text = call.messages[0]?.content ?? '';
  const [high = 0, low = 0, files = 0, choice = 0] = createHash('sha256').update(text).digest();
  const [, sentence, seen] = /"(\d+) Then #(\d+)/.exec(text) ?? [];
  const answer = {
    ...emptyAnswer,
    estimated_context_tokens: 10_000 + 256 * high + low,
    estimated_difficulty: difficulties[choice % difficulties.length] ?? null,
    files: files % 12,
    relations:
      choice % 4 === 0
        ? [{ ref: `#${seen}`, sentences: [Number(sentence)], relation: 'blocked_by' }]
        : [],
  };
  answers(answer)(call, response);
};
