import type { DoctorFinding } from './finding.ts';
import { hostListCure } from './host-list.ts';

/** What the service found out by itself because no webhook told; `arrives`: one did just now. */
export function pollingFinding(
  { passes, missed }: { readonly passes: number; readonly missed: number },
  { arrives, url }: { readonly arrives: boolean | undefined; readonly url: string | undefined },
): DoctorFinding {
  const name = 'polling';
  if (passes === 0)
    return { name, mark: 'hint', text: 'The service has not compared its store with Gitea yet.' };
  if (missed === 0)
    return { name, mark: 'ok', text: 'Polling found no change that a webhook had left out.' };
  const changes = missed === 1 ? 'One change' : `${missed} changes`;
  const text = `${changes} since the start of the service ${missed === 1 ? 'was' : 'were'} found by polling only: no webhook told.`;
  if (arrives === true)
    return {
      name,
      mark: 'hint',
      text: `${text} Deliveries arrive now.`,
      cure: 'If the number grows, some repository has no hook, or one without all events.',
    };
  return {
    name,
    mark: 'warning',
    text: `${text} ALLOWED_HOST_LIST of Gitea is suspected.`,
    cure: hostListCure(url),
  };
}
