/** The text of an issue as the template makes it, waiting for these. */
export function issueText(blockers: readonly number[] = [], tokens = '46,800'): string {
  return [
    '## Objective',
    '',
    'Each dispatch decision should leave a short rationale.',
    '',
    '## Context Estimate',
    '',
    '- Files to modify: 3',
    '- Implementation complexity: medium (20000 tokens)',
    '- Test requirements: low (5,000 tokens)',
    '- Documentation: light (2000 tokens)',
    `- **Total estimated: ${tokens} tokens**`,
    '- **Recommended agent: sonnet**',
    '',
    '## Difficulty',
    '',
    'medium',
    '',
    '## Dependencies',
    '',
    ...blockers.map((number) => `Blocked by: #${number}`),
    '',
  ].join('\n');
}
