import { builtInAgents } from '../../../src/planning/built-in-agents.ts';
import { assignAgent } from '../../../src/planning/assign-agent.ts';
import { estimateContext } from '../../../src/planning/estimate.ts';
import { readOffline } from '../../../src/reading/offline-reading.ts';
import type { IssueUpdate } from '../../../src/plans/issue-update.ts';
import { agentOf, blockerOf } from './work-model.ts';

const repositoryId = 2;
export const repository = 'acme/orbit';

/** A snapshot of an issue of the model, as a handler would have it stored. */
export function updateOf(
  number: number,
  issue: { readonly open: boolean; readonly assigned: boolean; readonly version: number },
  updatedAt: number,
): IssueUpdate {
  const { open, assigned, version } = issue;
  const names = [{ repository, updatedAt }];
  const labels = [`agent:${agentOf(number)}`];
  const body = `Total estimated: 20k, version ${version}`;
  const identity = { repositoryId, repository, number, title: `Issue ${number}`, bodyCut: false };
  const told = { ...identity, body, open, assignees: assigned ? ['bot'] : [], labels };
  const facts = { ...told, updatedAt, deleted: false, labelsUpdatedAt: updatedAt };
  if (!assigned) return { facts, assigned, plan: undefined, names };
  const read = readOffline({ ...identity, body }, []);
  const blocker = blockerOf(number);
  const dependencies =
    blocker === undefined
      ? []
      : [
          {
            direction: 'blocked_by',
            repository: null,
            number: blocker,
            source: 'declared',
            evidence: `Blocked by #${blocker}`,
          } as const,
        ];
  const reading = { ...read, dependencies };
  const estimate = estimateContext(reading);
  const assignment = assignAgent(reading, estimate, builtInAgents, labels);
  return { facts, assigned, plan: { reading, estimate, assignment }, names };
}
