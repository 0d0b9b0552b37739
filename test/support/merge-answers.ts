import type { Dependency, IssueText } from '../../src/issue/reading.ts';
import type { Mention } from '../../src/reading/mentions.ts';
import { mergeAnswer } from '../../src/reading/model/merge.ts';
import { answerSchema } from '../../src/reading/model/answer.ts';
import { modelQuestion } from '../../src/reading/model/question.ts';
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
    question: modelQuestion({ issue: text, mentions, agentNames }),
    offline: readOffline(text, agentNames),
    answer: answerSchema.parse({ ...emptyAnswer, ...answer }),
    model: 'a-model',
  });
}

/** `sentences`: numbers; 1 is the title, 2 the first sentence of the body. */
export type Claim = readonly [ref: unknown, relation: unknown, sentences: unknown];

export function claims(...all: readonly Claim[]) {
  return { relations: all.map(([ref, relation, sentences]) => ({ ref, relation, sentences })) };
}

export function shown({ direction, repository, number, source, standing }: Dependency): string {
  const remark = standing === undefined ? '' : ` ${standing}`;
  return `${direction} ${repository ?? ''}#${number} ${source}${remark}`;
}

export function edges(text: IssueText, answer: object, mentions?: readonly Mention[]) {
  return reading(text, answer, mentions).dependencies.map(shown);
}

export function codes(text: IssueText, answer: object, mentions?: readonly Mention[]) {
  return reading(text, answer, mentions).warnings.map(({ code }) => code);
}
