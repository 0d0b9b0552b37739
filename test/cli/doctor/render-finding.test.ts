import { expect, test } from 'vitest';

import { hostListCure } from '../../../src/cli/doctor/hook-rules.ts';
import { renderFinding, renderVerdict } from '../../../src/cli/doctor/render-finding.ts';

test('lines are as wide as the terminal, coloured there, and what is to be copied stays whole', () => {
  const paint = (colour: string, text: string) => `<${colour}>${text}</>`;
  const finding = {
    name: 'delivery acme/orbit',
    mark: 'broken' as const,
    text: 'Nothing\u001b[31m arrived, although the hook is there.',
    cure: hostListCure('http://a-rather-long-name-of-a-host.example.org/webhook/gitea'),
  };
  expect(renderFinding(finding, { width: 60, paint })).toMatchInlineSnapshot(`
    "<red>✖</> <bold>delivery acme/orbit</>: Nothing arrived,
      although the hook is there.
        -> Open Recent Deliveries of the webhook in Gitea. If it
           says "webhook can only call allowed HTTP servers",
           add this to Gitea's app.ini and restart Gitea:
               [webhook]
               ALLOWED_HOST_LIST = external, a-rather-long-name-of-a-host.example.org
           If it says "connection refused", "no such host" or a
           timeout, Gitea cannot reach
           a-rather-long-name-of-a-host.example.org: correct the
           URL of the webhook, or the network."
  `);
  expect(renderVerdict([finding, { ...finding, mark: 'warning' }], { width: 60, paint })).toBe(
    '<red>broken</>: 1 broken, 1 warning',
  );
});
