import { h, type ComponentChildren } from 'preact';

import type { FailedGroup } from '../../../inbox/failed-groups.ts';
import { formatRef } from '../../../issue/ref.ts';
import { oneLine } from '../../../lib/text.ts';
import { issuePath } from '../../parts/issue-link.ts';
import type { Waiting } from './waiting.ts';

/** Groups that are shown; the rest is a link. */
export const shownGroups = 3;
/** Longest error that is shown; its own page has all of it. */
const maxError = 160;
/** How the payload of a webhook is refused: a list of fields, cut after so many. */
const fieldsOf = /^The payload is not as expected: (.*)$/s;
const maxFields = 5;

/** Deliveries that failed, one row for all that failed in the same way. */
export function deliveryWaits(groups: readonly FailedGroup[]): Waiting[] {
  return groups.slice(0, shownGroups).map((group) => ({
    ...({ tone: 'bad', kind: `${group.status} ${deliveries(group)}` } as const),
    name: nameOf(group),
    why: whyOf(group),
    since: group.receivedAt,
    todo: todoOf(group),
  }));
}

function deliveries({ count }: Pick<FailedGroup, 'count'>): string {
  return count === 1 ? 'delivery' : 'deliveries';
}

function nameOf({ event, eventName, issue, count }: FailedGroup): ComponentChildren {
  const kind = count > 1 && issue !== null ? 'Events' : oneLine(event ?? eventName, 60);
  if (issue === null) return `Event ${kind === '' ? 'without a name' : kind}`;
  const ref = formatRef(issue);
  return [`${kind} of `, h('a', { href: issuePath(ref) }, ref)];
}

function whyOf({ status, count, error }: FailedGroup): string {
  const many = count === 1 ? '' : `${count.toLocaleString('en-US')} times: `;
  if (status === 'dead') return many + oneLine(error ?? 'It was tried too often.', maxError);
  const fields = fieldsOf.exec(error ?? '')?.[1]?.split('; ').length;
  if (fields === undefined) return many + oneLine(error ?? 'It was not understood.', maxError);
  const number = fields >= maxFields ? `${maxFields} fields or more are` : fieldCount(fields);
  return `${many}It was not understood: ${number} not as Gitea sends them.`;
}

function fieldCount(fields: number): string {
  return fields === 1 ? 'a field is' : `${fields} fields are`;
}

function todoOf({ status, count, deliveryId, issue }: FailedGroup): ComponentChildren {
  if (count > 1) return h('a', { href: `/deliveries?status=${status}` }, 'See them, and replay');
  const path = `/deliveries/${encodeURIComponent(deliveryId)}`;
  const isKnown = issue !== null && status === 'dead';
  return h('a', { href: path }, isKnown ? 'Replay it' : 'See why, and replay it');
}
