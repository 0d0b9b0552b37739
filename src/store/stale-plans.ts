import { z } from 'zod';

import type { AgentProfile } from '../issue/agent-profiles.ts';
import { assignAgent } from '../issue/agents.ts';
import { estimateSchema } from '../issue/estimate.ts';
import { chosenAgentSchema } from '../issue/plan.ts';
import { readingSchema } from '../issue/reading.ts';
import type { IssueKey } from '../issue/ref.ts';
import type { Database } from './database.ts';

const readForChoiceSchema = readingSchema.pick({ difficulty: true, assignedAgent: true });
const labelsSchema = z.array(z.string());

/** The bot's open issues that would be given to another agent by these profiles, or for another reason. */
export async function findStalePlans(
  db: Database,
  profiles: readonly AgentProfile[],
): Promise<IssueKey[]> {
  const rows = await db
    .selectFrom('issues')
    .select(['repository_id', 'number', 'labels', 'reading', 'estimate', 'assignment'])
    .where('deleted', '=', 0)
    .where('open', '=', 1)
    .where('assigned', '=', 1)
    .where('assignment', 'is not', null)
    .execute();
  const parse = (json: string | null): unknown => (json === null ? null : JSON.parse(json));
  return rows
    .filter((row) => {
      const stored = chosenAgentSchema.parse(parse(row.assignment));
      const present = assignAgent(
        readForChoiceSchema.parse(parse(row.reading)),
        estimateSchema.parse(parse(row.estimate)),
        profiles,
        labelsSchema.parse(parse(row.labels)),
      );
      return (
        stored.agent !== present.agent ||
        stored.reason.code !== present.reason.code ||
        stored.reason.text !== present.reason.text
      );
    })
    .map((row) => ({ repositoryId: row.repository_id, number: row.number }));
}
