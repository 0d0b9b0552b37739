import { z } from 'zod';

import { maySee } from '../../../api/for-caller.ts';
import type { Caller } from '../../../api/roles.ts';
import { parseRef } from '../../../issue/ref.ts';
import type { VerificationView } from '../../../verification/views.ts';
import { ofIssue } from '../../../db/key-filter.ts';
import { parseJson } from '../../../lib/text.ts';
import type { Visit, WebDeps } from '../../web.ts';

/** Other verifications of the issue that are shown. */
const maxOthers = 20;

const finding = z.object({
  file: z.string().nullable(),
  line: z.number().nullable(),
  rule: z.string().nullable(),
  message: z.string(),
  severity: z.string(),
});
/** Of the report, which a verifier sends, the part that is shown in order; the whole of it is shown as it came. */
const reportSchema = z.object({
  gates: z.array(
    z.object({
      gate: z.string(),
      status: z.string(),
      counts: z.boolean(),
      findings: z.array(finding),
      findingsOmitted: z.number().default(0),
    }),
  ),
});
export type ReportedGate = z.infer<typeof reportSchema>['gates'][number];

export interface Report {
  /** As JSON with line breaks. */
  readonly text: string;
  /** Undefined when its form is not known. */
  readonly gates: readonly ReportedGate[] | undefined;
}

/** All that the page of a verification shows, beside the verification itself. */
export async function readAround(deps: WebDeps, caller: Caller, view: VerificationView) {
  const { verifications, findIssue, store, now } = deps;
  const ref = parseRef(view.issue);
  const issue = ref === undefined ? undefined : await findIssue(ref);
  const seen =
    issue === undefined
      ? []
      : ((await verifications?.list(issue)) ?? []).filter((other) => maySee(other, caller));
  const pull =
    issue === undefined
      ? undefined
      : await store.db
          .selectFrom('pull_requests')
          .select(['pull_number', 'state'])
          .where(ofIssue(issue))
          .executeTakeFirst();
  const stored = view.endedAt === null ? undefined : await verifications?.report(view.id);
  return {
    others: seen.slice(0, maxOthers),
    number: seen.length,
    pull,
    report: stored === undefined ? undefined : readReport(stored),
    repository: ref?.repository ?? '',
    giteaUrl: store.giteaUrl,
    now: now(),
  };
}

function readReport(stored: string): Report {
  const value = parseJson(stored);
  const parsed = reportSchema.safeParse(value);
  const text = value === undefined ? stored : JSON.stringify(value, null, 2);
  return { text, gates: parsed.success ? parsed.data.gates : undefined };
}

/** What each part of the page gets. */
export type VerificationProps = Awaited<ReturnType<typeof readAround>> & {
  readonly view: VerificationView;
  readonly visit: Visit;
};
