import type { HookOwner } from '../../gitea/address.ts';
import { neededEvents } from '../doctor/hook-rules.ts';

/** Steps for an administrator, in order. The secret itself is never printed. */
export function hookByHand(owner: HookOwner, giteaUrl: string, url: string): string[] {
  const page =
    'repository' in owner
      ? `${giteaUrl}/${owner.repository}/settings/hooks/gitea/new`
      : `${giteaUrl}/org/${owner.organization}/settings/hooks/gitea/new`;
  return [
    'An administrator there can create it by hand (see docs/setup.md):',
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
