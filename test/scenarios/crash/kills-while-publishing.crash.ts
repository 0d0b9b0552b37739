import { expect, onTestFinished, test } from 'vitest';

import { publishKills, publishThroughKills } from './publish-kills.ts';

const kills = {
  created: publishKills(100, ['comment-created']),
  others: publishKills(48, ['comment-edited', 'label-added']),
};

test(
  `after ${kills.created.length} kills between the creation of a comment and its record, and ${kills.others.length} after other writes, no comment is there twice, and all is right`,
  { timeout: 20 * 60_000 },
  async () => {
    const startedAt = performance.now();
    const all = [...kills.created, ...kills.others];
    const { comments, writes } = await publishThroughKills(all);
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
    const figures = `publish crash run: ${all.length} kills in ${seconds} s, ${comments} comments made, none twice, ${writes} writes`;
    onTestFinished(() => void process.stdout.write(`${figures}\n`));
    expect(comments).toBeGreaterThanOrEqual(kills.created.length);
  },
);
