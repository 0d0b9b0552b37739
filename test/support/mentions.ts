import type { Mention } from '../../src/reading/mentions.ts';
import { readText } from '../../src/reading/read-text.ts';
import type { IssueText } from '../../src/issue/reading.ts';

/** The mentions of a text, as a service under test finds them. */
export function findMentions(issue: IssueText): readonly Mention[] {
  return readText(issue, { agentNames: [], trackerUrl: 'https://git.example.test' }).mentions;
}
