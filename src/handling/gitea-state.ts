import type { IssueAddress } from '../gitea/address.ts';
import { createResolver, resolveIssue } from '../gitea/resolve-issue.ts';
import type { IssueFacts } from '../issue/facts.ts';
import { datedBy } from '../issue/snapshot-dates.ts';
import type { HandlingResult } from '../plans/issue-update.ts';
import { checkDependencies, planFromStore, type GiteaStateDeps } from './check-dependencies.ts';
import { createGiteaDependencies } from './gitea-dependencies.ts';

export type GiteaState = ReturnType<typeof createGiteaState>;

/** Reads the present state of an issue, and of those it depends on, from Gitea. Writes nothing. */
export function createGiteaState(deps: GiteaStateDeps) {
  const dependencies = createGiteaDependencies(deps);
  const sources = { ...deps, ...dependencies };

  /**
   * The issue as it is on Gitea now, deletion included, whatever the deliveries said. Where the bot cannot
   * read the repository the reported facts stay, unconfirmed.
   */
  async function currentFacts(
    reported: IssueFacts,
    signal: AbortSignal,
  ): Promise<{ facts: IssueFacts; confirmed: boolean }> {
    const found = await resolveIssue(deps, reported, signal);
    if (found.kind === 'unreadable') return { facts: reported, confirmed: false };
    if (found.kind === 'missing') return { facts: { ...reported, deleted: true }, confirmed: true };
    const { labels, ...issue } = found.issue;
    const updatedAt = datedBy(deps.now(), issue.updatedAt);
    const facts = { ...issue, updatedAt, labels: labels ?? [], labelsUpdatedAt: updatedAt };
    return { facts: { ...facts, deleted: false }, confirmed: true };
  }

  return {
    currentFacts,
    /** Open pull requests that refer to an issue. */
    openPulls: async (issue: IssueAddress, signal: AbortSignal) => {
      const reply = await deps.listReferringPulls(issue, signal);
      return reply.kind === 'ok' ? reply.value.filter(({ open }) => open) : [];
    },
    /** Looks up issues of which perhaps only the name of their repository is known, for one pass. */
    createResolver: () => createResolver(deps),
    checkDependencies: (result: HandlingResult, signal: AbortSignal) =>
      checkDependencies(sources, result, signal),
    planFromStore: (result: HandlingResult) => planFromStore(sources, result),
    ...dependencies,
  };
}
