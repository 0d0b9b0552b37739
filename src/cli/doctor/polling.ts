import type { DoctorFinding } from './finding.ts';
import { hostListCure } from './host-list.ts';

/** Changes that polling found although no webhook reported them; `arrives`: a delivery arrived just now. */
export function pollingFinding(
  { passes, missed }: { readonly passes: number; readonly missed: number },
  { arrives, url }: { readonly arrives: boolean | undefined; readonly url: string | undefined },
): DoctorFinding {
  const name = 'polling';
  if (passes === 0)
    return {
      name,
      mark: 'hint',
      text: 'The service has not compared its database with Gitea yet.',
    };
  if (missed === 0)
    return { name, mark: 'ok', text: 'No webhook was missed: polling found no other change.' };
  const changes = missed === 1 ? 'a change' : `${missed} changes`;
  const text = `Since the service started, only polling found ${changes}: no webhook reported ${missed === 1 ? 'it' : 'them'}.`;
  if (arrives === true)
    return {
      name,
      mark: 'hint',
      text: `${text} Deliveries arrive now.`,
      cure: 'If the number grows, a repository has no webhook, or one that does not send all events.',
    };
  return {
    name,
    mark: 'warning',
    text: `${text} The likely cause is ALLOWED_HOST_LIST of Gitea.`,
    cure: hostListCure(url),
  };
}
