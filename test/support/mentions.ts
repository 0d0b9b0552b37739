import type { Mention } from '../../src/reading/mentions.ts';
import { readText } from '../../src/reading/read-text.ts';
import type { IssueText } from '../../src/issue/reading.ts';

/** The mentions of a text, as a service under test finds them. */
export function findMentions(issue: IssueText): readonly Mention[] {
  return readText(issue, { agentNames: [], trackerUrl: 'https://git.example.test' }).mentions;
}

const signs = { dependency: '', met: 'met', ruled_out: 'no', undecided: 'open' };

/** The mentions of a body on one line: `<` blocked by, `>` blocks, `no` ruled out, `open` undecided. */
export function describeMentions(body: string): string {
  const issue = { repository: 'acme/orbit', number: 500, title: '', body, bodyCut: false };
  return findMentions(issue)
    .map(({ repository, number, verdict }) => {
      const arrow = 'direction' in verdict ? (verdict.direction === 'blocks' ? '>' : '<') : '';
      return `${signs[verdict.kind]}${arrow}${repository ?? ''}#${number}`;
    })
    .join(' ');
}
