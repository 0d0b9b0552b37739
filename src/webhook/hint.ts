import { z } from 'zod';

import { parseJson } from '../lib/text.ts';

/** A place on Gitea where something happened to a pull request, or to a branch that may be one's. */
export interface PullHint {
  readonly repositoryId: number;
  /** Number of the pull request, or name of the branch. */
  readonly of: number | string;
}

const repository = z.object({ id: z.int().positive() });
const pullSchema = z.object({ action: z.string(), number: z.int().positive(), repository });
const pushSchema = z.object({ ref: z.string().max(500), repository });

const pullEvents: readonly string[] = [
  'pull_request',
  'pull_request_approved',
  'pull_request_rejected',
  // So Gitea calls a review that neither approves nor asks for changes.
  'pull_request_comment',
];
/** What people do with a pull request; what else happens to one asks for nothing. */
const actions: readonly string[] = ['closed', 'reopened', 'synchronized', 'reviewed'];
const branchPrefix = 'refs/heads/';

/** What an authentic delivery may say about a pull request of ours. It is only a hint: Gitea is asked. */
export function pullHintOf(eventName: string, raw: Buffer): PullHint | undefined {
  const isPush = eventName === 'push';
  if (!isPush && !pullEvents.includes(eventName)) return undefined;
  const json = parseJson(raw.toString());
  if (isPush) {
    const { data } = pushSchema.safeParse(json);
    if (data?.ref.startsWith(branchPrefix) !== true) return undefined;
    return { repositoryId: data.repository.id, of: data.ref.slice(branchPrefix.length) };
  }
  const { data } = pullSchema.safeParse(json);
  if (data === undefined || !actions.includes(data.action)) return undefined;
  return { repositoryId: data.repository.id, of: data.number };
}
