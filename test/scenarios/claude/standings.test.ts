import { expect, test } from 'vitest';

import { answers, emptyAnswer, startClaude, type ClaudeScript } from '../../support/claude.ts';
import { issuePayload, signedRequest } from '../../support/recordings.ts';
import { startService } from '../../support/service.ts';

function says(ref: string, relation: string): ClaudeScript {
  return answers({ ...emptyAnswer, relations: [{ ref, sentences: [2], relation }] });
}

/** Issue 5 with this body is read by Claude; issue 7 stands beside it, and says this itself. */
async function readBoth(script: ClaudeScript, body: string, ofSeven = 'Nothing.') {
  const service = await startService({ claude: await startClaude(script) });
  for (const [number, text] of [
    [7, ofSeven],
    [5, body],
  ] as const) {
    const payload = issuePayload({ number, title: `Issue ${number}`, body: text });
    expect(await service.send(signedRequest(payload))).toMatchObject({ status: 200 });
  }
  await service.idle();
  const five = await service.plan('acme/orbit#5');
  const seven = await service.plan('acme/orbit#7');
  return { five: five?.state, seven: seven?.state };
}

test.each<[string, string, string, string, string | undefined, object]>([
  [
    'Claude alone, this issue',
    '#7',
    'blocked_by',
    'Pointless until #7 exists.',
    undefined,
    { five: 'blocked', seven: 'ready' },
  ],
  [
    'Claude alone, the other issue',
    '#7',
    'blocks',
    '#7 can sit where it is.',
    undefined,
    { five: 'ready', seven: 'ready' },
  ],
  [
    'the other issue says so, too',
    '#7',
    'blocks',
    '#7 can sit where it is.',
    'Blocked by: #5',
    { five: 'ready', seven: 'blocked' },
  ],
  [
    'a sentence that Claude denies',
    '#7',
    'neither',
    'We are blocked by #7 here.',
    undefined,
    { five: 'ready', seven: 'ready' },
  ],
  [
    'a sentence that Claude confirms',
    '#7',
    'blocked_by',
    'We are blocked by #7 here.',
    undefined,
    { five: 'blocked', seven: 'ready' },
  ],
  [
    'the template, which it cannot deny',
    '#7',
    'neither',
    'Blocked by: #7',
    undefined,
    { five: 'blocked', seven: 'ready' },
  ],
])('who waits when it is said by %s', async (_name, ref, relation, body, ofSeven, states) => {
  expect(await readBoth(says(ref, relation), body, ofSeven)).toEqual(states);
});
