import { isOwn } from '../../../api/for-caller.ts';
import { ofIssue } from '../../../db/key-filter.ts';
import { isoTime } from '../../../issue/iso-time.ts';
import { parseJson } from '../../../lib/text.ts';
import { isFeedback } from '../../../verification/feedback.ts';
import { maxOfKind, type Happening, type TimelineDeps } from './happening.ts';

/** How a claim ended. */
const endings = {
  released: (worker: string) => `${worker} gave it back`,
  blocked: (worker: string) => `${worker} is stuck`,
  completed: (worker: string) => `${worker} completed it`,
  expired: (worker: string) => `${worker} fell silent`,
  withdrawn: (worker: string) => `The claim of ${worker} was withdrawn`,
} as const;

/** Claims, their ends, and the handoff that is kept: the newest of an issue. */
export async function readClaims({ db, caller, issue }: TimelineDeps): Promise<Happening[]> {
  const rows = await db
    .selectFrom('claims')
    .select(['worker', 'agent', 'claimed_at', 'ended_at', 'outcome', 'reason', 'rotations'])
    .select(['handoff', 'handoff_at', 'verification_id'])
    .where(ofIssue(issue))
    .orderBy('claimed_at', 'desc')
    .limit(maxOfKind / 2)
    .execute();
  const link = { to: '#work', name: 'work' };
  return rows
    .filter((row) => isOwn(row, caller))
    .flatMap((row) => {
      const { worker, agent, rotations, outcome, ended_at } = row;
      const found: Happening[] = [
        { at: isoTime(row.claimed_at), what: `${worker} began to work on it as ${agent}.`, link },
      ];
      if (row.handoff !== null && row.handoff_at !== null) {
        const fresh = ended_at === null || row.handoff_at < ended_at;
        const what = isFeedback(parseJson(row.handoff))
          ? 'The pull request went back to the agents, with what is to be changed.'
          : fresh && rotations > 0
            ? `A fresh session of ${worker} went on (rotation ${rotations}), with a handoff.`
            : `${worker} left a handoff.`;
        found.push({ at: isoTime(row.handoff_at), what, link });
      }
      if (ended_at !== null && outcome !== null) {
        const sessions = rotations > 0 ? ` after ${rotations + 1} sessions` : '';
        const what = `${endings[outcome](worker)}${sessions}`;
        const why = row.reason === null ? '.' : `: ${row.reason}`;
        found.push({ at: isoTime(ended_at), what: `${what}${why}`, link });
      }
      return found.toReversed();
    });
}
