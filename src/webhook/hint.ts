import { z } from 'zod';

import { ownContextScope } from '../issue/own-marks.ts';
import type { PullHint } from '../issue/pull-hint.ts';
import { parseJson } from '../lib/text.ts';

const repository = z.object({ id: z.int().positive() });
const pullSchema = z.object({ action: z.string(), number: z.int().positive(), repository });
const pushSchema = z.object({ ref: z.string().max(500), repository });
const statusSchema = z.object({
  sha: z.string().regex(/^[0-9a-f]{40,64}$/),
  context: z.string(),
  state: z.string(),
  repository,
});

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
  if (eventName === 'push') return pushHint(parseJson(raw.toString()));
  if (eventName === 'status') return statusHint(parseJson(raw.toString()));
  if (!pullEvents.includes(eventName)) return undefined;
  const { data } = pullSchema.safeParse(parseJson(raw.toString()));
  if (data === undefined || !actions.includes(data.action)) return undefined;
  return { repositoryId: data.repository.id, of: { pull: data.number } };
}

function pushHint(json: unknown): PullHint | undefined {
  const { data } = pushSchema.safeParse(json);
  if (data?.ref.startsWith(branchPrefix) !== true) return undefined;
  return { repositoryId: data.repository.id, of: { branch: data.ref.slice(branchPrefix.length) } };
}

/** Our own statuses ask for nothing, nor does a check that has only begun. */
function statusHint(json: unknown): PullHint | undefined {
  const { data } = statusSchema.safeParse(json);
  if (data === undefined || data.state === 'pending') return undefined;
  if (data.context.startsWith(ownContextScope)) return undefined;
  return { repositoryId: data.repository.id, of: { commit: data.sha } };
}
