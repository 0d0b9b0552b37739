import type { HookOwner } from '../../gitea/hooks.ts';
import { neededEvents } from '../doctor/hook-rules.ts';

/** What somebody with the right to do it has to click, in order. The secret itself is never printed. */
export function hookByHand(owner: HookOwner, giteaUrl: string, url: string): string[] {
  const page =
    'repository' in owner
      ? `${giteaUrl}/${owner.repository}/settings/hooks/gitea/new`
      : `${giteaUrl}/org/${owner.organization}/settings/hooks/gitea/new`;
  return [
    'Somebody who may administer hooks there makes it by hand:',
    `  1. Open ${page}`,
    `  2. Target URL: ${url}`,
    '  3. HTTP Method: POST',
    '  4. POST Content Type: application/json',
    '  5. Secret: the value of GITEA_WEBHOOK_SECRET',
    `  6. Trigger On: Custom Events, and tick ${neededEvents.map(({ words }) => words).join(', ')}`,
    '  7. Tick Active, and click Add Webhook',
    "Or run this again with that person's token in a file: --token-file FILE.",
  ];
}
