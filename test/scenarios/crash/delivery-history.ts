import { issuePayload, signedRequest, type SignedRequest } from '../../support/recordings.ts';

/** One delivery of a history, and what it says of its issue. */
export interface Sent {
  readonly id: string;
  readonly number: number;
  readonly assigned: boolean;
  readonly request: SignedRequest;
}

/** Issues that get deliveries at the same time. */
const issuesAtOnce = 16;
/** Then one falls silent for good, so that nothing later makes up for an effect that was lost. */
const deliveriesPerIssue = 8;
const actions = [
  'edited',
  'closed',
  'reopened',
  'unassigned',
  'assigned',
  'label_updated',
] as const;

/** The history of one project: issues that wait for each other are opened, changed and closed. */
export function makeHistory(length: number, random: () => number): Sent[] {
  const pick = (limit: number) => Math.floor(random() * limit);
  const issues = new Map<number, { open: boolean; assigned: boolean; text: string }>();
  return Array.from({ length }, (_, index) => {
    const pickIssue = () => Math.floor(index / deliveriesPerIssue) + pick(issuesAtOnce) + 1;
    const number = pickIssue();
    const known = issues.get(number);
    const action = known === undefined ? 'opened' : (actions[pick(actions.length)] ?? 'edited');
    const issue = known ?? { open: true, assigned: true, text: '' };
    issues.set(number, issue);
    if (action === 'closed' || action === 'reopened') issue.open = action === 'reopened';
    if (action === 'unassigned' || action === 'assigned') issue.assigned = action === 'assigned';
    if (action === 'opened' || action === 'edited') issue.text = textOf(index, pickIssue);
    const payload = issuePayload({
      action,
      number,
      title: `Issue ${number}`,
      body: issue.text,
      open: issue.open,
      assignees: issue.assigned ? ['mosaic'] : [],
      labels: action === 'label_updated' ? [`label-${index}`] : ['bug'],
      updatedAt: new Date(Date.parse('2026-11-01T00:00:00Z') + index * 1000).toISOString(),
    });
    const id = `crash-${index}`;
    return { id, number, assigned: issue.assigned, request: signedRequest(payload, { id }) };
  });
}

/** The last line says nothing to the grammar; a model may make something of it. */
function textOf(index: number, pickIssue: () => number): string {
  const blockers = [pickIssue(), pickIssue()];
  return `Version ${index}\n\nBlocked by: #${blockers.join(', #')}\nBlocks: #${pickIssue()}\n\nThen #${pickIssue()}\n`;
}
