import { z } from 'zod';

import { thousands } from '../../lib/text.ts';
import { loadAgents, loadStoreConfig } from '../../config.ts';
import { ConfigError, CoordinatorError } from '../../errors.ts';
import type { PlanEdge, PlanView } from '../../issue/plan.ts';
import { onlyClaudeText, proposalText } from '../../issue/proposals.ts';
import { parseRef } from '../../issue/ref.ts';
import { states } from '../../issue/state.ts';
import { spentText } from '../../claims/spending.ts';
import { audit } from '../../claims/audit.ts';
import type { Database } from '../../db/database.ts';
import type { IssueClaim, PastClaim } from '../../claims/views.ts';
import { readHeldUp } from '../../claims/hand-out/held-up.ts';
import { findFullPlan, type FullPlan } from '../../claims/hand-out/queue-view.ts';
import type { AgentProfile } from '../../planning/agent-profiles.ts';
import { listPlans, type PlanStore } from '../../plans/plan-views.ts';
import type { Io } from '../io.ts';
import { listOptionsSchema, parseOptions } from '../options.ts';
import { percent, printable, printJson, renderTable } from '../output.ts';
import { withDatabase } from '../with-database.ts';

const optionsSchema = listOptionsSchema.extend({
  state: z.enum(states, `--state must be one of ${states.join(', ')}`).optional(),
  audit: z.boolean().default(false),
});

/** Prints plans from the database, whether the service runs or not. */
export async function issues(io: Io, ref: string | undefined, rawOptions: unknown): Promise<void> {
  const options = parseOptions(optionsSchema, rawOptions);
  const { database, giteaUrl } = loadStoreConfig(io.environment());
  await withDatabase(database, (db) => {
    const store = { db, giteaUrl };
    if (options.audit) return printAudit(io, db, options);
    if (ref === undefined) return printList(io, store, options);
    const profiles = () => loadAgents(io.environment()).agents;
    return printOne(io, { ...store, profiles }, { ref, options });
  });
}

type Options = z.infer<typeof optionsSchema>;

async function printList(io: Io, store: PlanStore, { state, limit, json }: Options): Promise<void> {
  const page = await listPlans(store, { state, limit });
  if (json) {
    printJson(io, page);
    return;
  }
  io.stdout.write(
    page.items.length === 0 ? 'There are no issues.\n' : `${renderPlans(page.items)}\n`,
  );
  if (page.nextCursor !== null) io.stdout.write(`There are more: use a --limit above ${limit}.\n`);
}

/** Throws when it finds a violation, so that scripts see it. */
async function printAudit(io: Io, db: Database, { limit, json }: Options): Promise<void> {
  const violations = await audit(db, Date.now(), limit);
  if (json) printJson(io, { items: violations });
  else if (violations.length === 0)
    io.stdout.write(
      'No violations: every open issue of the bot is in one state and will move on.\n',
    );
  else
    io.stdout.write(
      `${renderTable(
        ['Issue', 'Code', 'Violation'],
        violations.map(({ subject, code, text }) => [subject, code, text]),
      )}\n`,
    );
  if (violations.length > 0)
    throw new CoordinatorError('audit_failed', `The audit found ${violations.length} violations.`);
}

async function printOne(
  io: Io,
  { profiles, ...store }: PlanStore & { readonly profiles: () => readonly AgentProfile[] },
  { ref: text, options: { json } }: { readonly ref: string; readonly options: Options },
): Promise<void> {
  const ref = parseRef(text);
  if (ref === undefined)
    throw new ConfigError('usage', 'Name an issue as owner/repository#number, in quotes.');
  const plan = await findFullPlan(store, ref, {
    now: Date.now(),
    readHeldUp: () =>
      readHeldUp({ db: store.db, profiles: profiles(), now: Date.now, asks: undefined }),
  });
  if (plan === undefined)
    throw new CoordinatorError('not_found', `There is no issue ${text} in the database.`);
  if (json) printJson(io, plan);
  else io.stdout.write(renderPlan(plan));
}

/** Columns of the table. */
export interface ListedPlan extends Pick<PlanView, 'ref' | 'title'> {
  readonly state: string;
  readonly reason: { readonly text: string };
  readonly estimate: { readonly likely: number } | null;
  readonly assignment: { readonly agent: string | null } | null;
}

/** The table of several plans. */
export function renderPlans(plans: readonly ListedPlan[]): string {
  return renderTable(
    ['Issue', 'Title', 'State', 'Tokens', 'Agent', 'Why'],
    plans.map((plan) => [
      plan.ref,
      plan.title,
      plan.state,
      plan.estimate === null ? '' : thousands(plan.estimate.likely),
      plan.assignment?.agent ?? '',
      plan.reason.text,
    ]),
  );
}

function renderPlan(plan: FullPlan): string {
  const { reading, estimate, assignment, claim } = plan;
  const lines = [
    `${plan.ref}  ${plan.title}`,
    plan.url,
    '',
    `State       ${plan.state}: ${(plan.heldUp ?? plan.reason).text}`,
  ];
  if (estimate !== null) {
    const range = `${thousands(estimate.low)} to ${thousands(estimate.high)}`;
    lines.push(`Context     ${thousands(estimate.likely)} tokens (${range}), ${estimate.source}`);
  }
  if (reading !== null)
    lines.push(`Difficulty  ${reading.difficulty.value}, ${reading.difficulty.source}`);
  if (assignment !== null)
    lines.push(`Agent       ${assignment.agent ?? 'none'}: ${assignment.reason.text}`);
  if (claim !== null) lines.push(...renderClaim(claim));
  lines.push(...plan.pastClaims.map(renderPastClaim));
  if (plan.spent !== null) lines.push(`Spent       ${spentText(plan.spent)}`);
  lines.push(...renderEdges('Blocked by', plan.blockedBy), ...renderEdges('Blocks', plan.blocks));
  lines.push(
    ...plan.proposals.map((each) => `Undecided   ${proposalText(plan.ref, each, plainStyle)}`),
  );
  lines.push(...plan.warnings.map(({ code, text }) => `Warning     ${text} (${code})`));
  return `${lines.map(printable).join('\n')}\n`;
}

/** Maximum number of reports shown; the JSON has all that are stored. */
const shownSamples = 8;

function renderClaim(claim: IssueClaim): string[] {
  const { worker, agent, claimedAt, leaseExpiresAt, stale, context, history } = claim;
  const lines = [
    `Claim       ${worker} as ${agent}, since ${claimedAt}, ${leaseExpiresAt === null ? 'its commit is verified' : `lease until ${leaseExpiresAt}`}`,
  ];
  const silent = stale ? ', stale' : '';
  if (context === null) lines.push(`Used        nothing reported yet${silent}`);
  else {
    const { used, limit, ratio, action } = context;
    lines.push(
      `Used        ${thousands(used)} of ${thousands(limit)} tokens (${percent(ratio)}), ${action}${silent}`,
      `History     ${history
        .slice(-shownSamples)
        .map((sample) => percent(sample.used / sample.limit))
        .join(', ')}`,
    );
  }
  return lines;
}

function renderPastClaim({ worker, agent, outcome, endedAt, estimated, took, peak }: PastClaim) {
  const size = estimated === null ? '' : `, estimated ${thousands(estimated)} tokens`;
  const actual =
    took === null || peak === null
      ? ', nothing reported'
      : `, took ${thousands(took)} (peak ${thousands(peak)})`;
  return `Past claim  ${worker} as ${agent}, ${outcome} at ${endedAt}${size}${actual}`;
}

function renderEdges(title: string, edges: readonly PlanEdge[]): string[] {
  return edges.map(
    ({ ref, state, source, evidence, removeWith }) =>
      `${title.padEnd(11)} ${ref}, ${state} (${source}: "${evidence}")${removal(removeWith)}`,
  );
}

function removal(line: string | undefined): string {
  return line === undefined ? '' : `. ${onlyClaudeText(line, inQuotes)}`;
}

const inQuotes = (words: string) => `"${words}"`;
const plainStyle = { name: (ref: string) => ref, type: inQuotes, quote: inQuotes };
