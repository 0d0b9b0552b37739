import type { Dependency, IssueText } from '../../src/issue/reading.ts';
import type { Mention } from '../../src/reading/mentions.ts';
import { mergeAnswer } from '../../src/reading/model/merge.ts';
import { answerSchema } from '../../src/reading/model/question.ts';
import { readOffline } from '../../src/reading/offline-reading.ts';
import { emptyAnswer } from './claude.ts';
import { findMentions } from './mentions.ts';

export const agentNames = ['opus', 'sonnet', 'haiku'];

export const declaredBody = `## Context estimate
- Files to modify: 3
- Implementation complexity: medium
- Test requirements: low
- Documentation: light
- Total estimated: 46,800 tokens
- Recommended agent: sonnet

## Difficulty
low
`;

export function issue(body: string, changes: Partial<IssueText> = {}): IssueText {
  return {
    repository: 'acme/orbit',
    number: 5,
    title: 'A title',
    body,
    bodyCut: false,
    ...changes,
  };
}

/** The reading of a text when the model answers with this. */
export function reading(text: IssueText, answer: object, mentions = findMentions(text)) {
  return mergeAnswer({
    issue: text,
    mentions,
    offline: readOffline(text, agentNames),
    answer: answerSchema.parse({ ...emptyAnswer, ...answer }),
    model: 'a-model',
    agentNames,
  });
}

export type Claim = readonly [ref: string, relation: string, quote: unknown];

export function claims(...all: readonly Claim[]) {
  return { relations: all.map(([ref, relation, quote]) => ({ ref, relation, quote })) };
}

export function shown({ direction, repository, number, source }: Dependency): string {
  return `${direction} ${repository ?? ''}#${number} ${source}`;
}

export function edges(text: IssueText, answer: object, mentions?: Mention[]) {
  return reading(text, answer, mentions).dependencies.map(shown);
}

export function codes(text: IssueText, answer: object, mentions?: Mention[]) {
  return reading(text, answer, mentions).warnings.map(({ code }) => code);
}
