import type { AgentProfile } from '../planning/agent-profiles.ts';
import type { Pause } from './pause-rows.ts';

/** What there is to hand out, and what may be in its way. */
export interface Supply {
  /** Ready issues by the name of their agent. */
  readonly ready: ReadonlyMap<string, number>;
  readonly profiles: readonly AgentProfile[];
  readonly pauses: readonly Pause[];
  /** Live claims by agent. */
  readonly taken: ReadonlyMap<string, number>;
  /** Agents the worker can run; undefined: all. */
  readonly agents: readonly string[] | undefined;
  /** Whether the worker asked for some repositories only. */
  readonly someRepositories: boolean;
}

/** The profiles this worker may be given an issue of now. */
export function openProfiles(supply: Supply): AgentProfile[] {
  return supply.profiles.filter(({ name }) => obstacle(name, supply) === undefined);
}

/** Why ready issues are not handed out to this worker, counted by reason code. */
export function countReady(supply: Supply): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const [agent, count] of supply.ready) {
    const code =
      obstacle(agent, supply) ??
      // Another worker is just about to get it, or it is being looked at on Gitea.
      (supply.someRepositories ? 'other_repository' : 'just_taken');
    counts[code] = (counts[code] ?? 0) + count;
  }
  return counts;
}

function obstacle(agent: string, supply: Supply): string | undefined {
  const { profiles, pauses, taken, agents } = supply;
  if (pauses.some((pause) => pause.agent === null)) return 'paused';
  const profile = profiles.find(({ name, enabled }) => name === agent && enabled);
  if (profile === undefined || agents?.includes(agent) === false) return 'other_agent';
  if (pauses.some((pause) => pause.agent === agent)) return 'paused';
  return (taken.get(agent) ?? 0) >= profile.concurrency ? 'no_free_slot' : undefined;
}
