import { z } from 'zod';

import { issueTextAnswer } from '../../issue/claim-answers.ts';
import { claimOperations } from './claim-operations.ts';
import type { Operation } from './operation.ts';
import * as shape from './shapes.ts';
import { verificationOperations } from './verification-operations.ts';

const resumed = z.union([shape.pauses, z.object({ issue: shape.ref, resumed: z.boolean() })]);

const issueOperations = {
  'GET /api/v1/issues': {
    id: 'listIssues',
    group: 'Issues',
    summary: 'Plans, newest change first',
    answers: { 200: { says: 'A page of plans.', shape: shape.pageOf(shape.plan) } },
    errors: ['invalid_cursor'],
  },
  'GET /api/v1/issues/:owner/:repo/:number': {
    id: 'getIssue',
    group: 'Issues',
    summary: 'One plan, with its claims',
    answers: { 200: { says: 'The plan.', shape: shape.fullPlan } },
    errors: ['not_found'],
  },
  'GET /api/v1/issues/:owner/:repo/:number/text': {
    id: 'getIssueText',
    group: 'Issues',
    summary: 'Its title and text as stored',
    answers: { 200: { says: 'The text.', shape: issueTextAnswer } },
    errors: ['not_found'],
  },
  'GET /api/v1/issues/:owner/:repo/:number/why': {
    id: 'explainIssue',
    group: 'Issues',
    summary: 'Why each agent was chosen or not',
    answers: { 200: { says: 'The rules that each agent meets or fails.', shape: shape.why } },
    errors: ['not_found', [404, 'unknown_agent']],
  },
  'GET /api/v1/queue': {
    id: 'getQueue',
    group: 'Queue',
    summary: 'What is ready in order, claimed, blocked, and counts of the rest',
    answers: { 200: { says: 'The queue, at most 200 of each kind.', shape: shape.queue } },
  },
  'GET /api/v1/graph': {
    id: 'getGraph',
    group: 'Queue',
    summary: 'Issues, edges and cycles',
    answers: { 200: { says: 'The graph.', shape: shape.graph } },
  },
} as const satisfies Readonly<Record<string, Operation>>;

const operatorOperations = {
  'POST /api/v1/pause': {
    id: 'pause',
    group: 'Pauses',
    summary: 'Pauses an agent or all',
    more: 'What is claimed goes on.',
    answers: { 200: { says: 'The pauses in force.', shape: shape.pauses } },
    errors: ['unknown_agent'],
  },
  'POST /api/v1/resume': {
    id: 'resume',
    group: 'Pauses',
    summary: 'Ends the pauses of an agent or an account, or gives a parked issue back',
    more: 'Name an agent, an account or an issue, only one of them.',
    answers: { 200: { says: 'The pauses in force, or what became of the issue.', shape: resumed } },
    errors: ['unknown_agent', 'unknown_account', 'not_found'],
  },
  'GET /api/v1/pauses': {
    id: 'listPauses',
    group: 'Pauses',
    summary: 'What is paused',
    answers: { 200: { says: 'The pauses in force.', shape: shape.pauses } },
  },
  'GET /api/v1/deliveries': {
    id: 'listDeliveries',
    group: 'Deliveries',
    summary: 'Received deliveries, newest first',
    answers: { 200: { says: 'A page of deliveries.', shape: shape.pageOf(shape.delivery) } },
    errors: ['invalid_cursor'],
  },
  'GET /api/v1/deliveries/:id': {
    id: 'getDelivery',
    group: 'Deliveries',
    summary: 'One delivery',
    answers: { 200: { says: 'The delivery.', shape: shape.delivery } },
    errors: ['not_found'],
  },
  'POST /api/v1/deliveries/:id/replay': {
    id: 'replayDelivery',
    group: 'Deliveries',
    summary: 'Handles a delivery once more',
    answers: { 200: { says: 'The delivery, which is due.', shape: shape.delivery } },
    errors: ['not_found', 'bytes_not_kept'],
  },
} as const satisfies Readonly<Record<string, Operation>>;

/** Every route under `/api/v1`; a test compares them with those that are served. */
export const operations: Readonly<Record<string, Operation>> = {
  ...issueOperations,
  ...claimOperations,
  ...verificationOperations,
  ...operatorOperations,
};
