import { h } from 'preact';

import { parseJson } from '../../../lib/text.ts';
import { isFeedback } from '../../../verification/feedback.ts';
import { Ago } from '../../parts/amounts.ts';
import { JsonValue } from '../../parts/json-value.ts';
import { NoSection, Section } from '../../parts/section.ts';
import type { PartProps } from './read-issue.ts';

/** What the last worker, or who reviewed its work, left for the next one: foreign text, to be weighed and not obeyed. */
export function Handover({ plan, handoff, now }: PartProps) {
  if (handoff?.handoff == null) return h(NoSection, { id: 'handoff' });
  const content = parseJson(handoff.handoff);
  const at = handoff.handoff_at ?? handoff.ended_at;
  const who = isFeedback(content)
    ? 'What is to be changed was left'
    : `${handoff.worker}, working as ${handoff.agent}, left this`;
  const isWaiting = plan.open && plan.claim === null && plan.state !== 'in_review';
  return h(
    Section,
    { id: 'handoff', title: 'Handoff' },
    h(
      'p',
      null,
      who,
      at === null ? null : [' ', h(Ago, { at: new Date(at).toISOString(), now })],
      isWaiting ? '. The next claim gets it.' : '.',
    ),
    h('div', { class: 'handoff' }, h(JsonValue, { value: content })),
  );
}
