import { test } from 'vitest';

import { publishKills, publishThroughKills, type PublishKill } from './publish-kills.ts';

const kills: readonly PublishKill[] = [
  ...publishKills(2),
  { step: 'comment-created', answered: false, then: 'unassigned' },
  { step: 'comment-created', answered: true, then: 'closed' },
  { step: 'label-added', answered: true, then: 'unassigned' },
];

test(
  `after ${kills.length} kills between a write to Gitea and its record no comment is there twice, and all is right`,
  { timeout: 180_000 },
  async () => {
    await publishThroughKills(kills);
  },
);
