import type { AgentProfile } from '../planning/agent-profiles.ts';
import { liveClaimsByAgent } from './claim-rows.ts';
import type { ClaimRequest } from './claim.ts';
import { listPauses, type Pause } from './pause-rows.ts';
import type { ClaimsState } from './state.ts';

/** What can be handed out to a worker now, and the obstacles. */
export interface Supply {
  readonly profiles: readonly AgentProfile[];
  readonly pauses: readonly Pause[];
  /** Number of live claims by agent. */
  readonly liveClaims: ReadonlyMap<string, number>;
  /** Agents that the worker can run; undefined: all. */
  readonly agents: readonly string[] | undefined;
  /** True when the worker asked for certain repositories. */
  readonly someRepositories: boolean;
}

export async function readSupply(
  { db, profiles, now }: Pick<ClaimsState, 'db' | 'profiles' | 'now'>,
  { agents, repositories }: ClaimRequest,
): Promise<Supply> {
  return {
    profiles,
    pauses: await listPauses(db, now()),
    liveClaims: await liveClaimsByAgent(db),
    agents,
    someRepositories: repositories !== undefined,
  };
}

/** The profiles whose issues can be handed out to this worker now. */
export function openProfiles(supply: Supply): AgentProfile[] {
  return supply.profiles.filter(({ name }) => obstacleOf(name, supply) === undefined);
}

/** Counts by reason code why ready issues, given by agent, are not handed out to this worker. */
export function countReady(
  supply: Supply,
  ready: ReadonlyMap<string, number>,
): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const [agent, count] of ready) {
    const code =
      obstacleOf(agent, supply) ??
      // Another worker is about to get it, or it is being checked with Gitea.
      (supply.someRepositories ? 'other_repository' : 'just_taken');
    counts[code] = (counts[code] ?? 0) + count;
  }
  return counts;
}

function obstacleOf(agent: string, supply: Supply): string | undefined {
  const { profiles, pauses, liveClaims, agents } = supply;
  if (pauses.some((pause) => pause.agent === null)) return 'paused';
  const profile = profiles.find(({ name, enabled }) => name === agent && enabled);
  if (profile === undefined || agents?.includes(agent) === false) return 'other_agent';
  if (pauses.some((pause) => pause.agent === agent)) return 'paused';
  return (liveClaims.get(agent) ?? 0) >= profile.concurrency ? 'no_free_slot' : undefined;
}
