import { neededEvents } from '../../../src/cli/doctor/hook-rules.ts';
import type { GiteaHook, GiteaRepository } from '../../../src/gitea/schemas.ts';

/** A signal that never aborts. */
export const never = new AbortController().signal;
/** The coordinator's own URL. */
export const url = 'http://coordinator:8000/webhook/gitea';
/** A hook as it must be. */
export const hook: GiteaHook = {
  id: 1,
  active: true,
  type: 'gitea',
  events: [
    'issues',
    'issue_assign',
    'issue_label',
    'issue_milestone',
    'issue_comment',
    'pull_request',
    'pull_request_sync',
    'pull_request_review',
  ],
  url,
  contentType: 'json',
  branchFilter: undefined,
  authorizationHeader: undefined,
};
/** What a Gitea of an unknown version has to send. */
export const events = neededEvents(undefined);
/** A repository with all rights of a bot. */
export const repository: GiteaRepository = {
  id: 2,
  name: 'acme/orbit',
  visibility: 'private',
  archived: false,
  hasIssues: true,
  dependencies: true,
  permissions: { admin: false, push: true, pull: true },
};
