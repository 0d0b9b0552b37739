import type { FastifyReply } from 'fastify';
import { h } from 'preact';
import { z } from 'zod';

import { issueParams, refOf } from '../../../api/issues.ts';
import { callerOfRequest } from '../../../api/auth.ts';
import { goneSignal } from '../../../http/gone-signal.ts';
import { planFor } from '../../../api/for-caller.ts';
import type { Caller } from '../../../api/roles.ts';
import { TryAgainLater } from '../../../errors.ts';
import { formatRef, type IssueRef } from '../../../issue/ref.ts';
import { Page } from '../../page.ts';
import { issuePath } from '../../parts/issue-link.ts';
import { goOn, NoSuchPage, sendPage, type Web, type WebDeps } from '../../web.ts';

const giveBackForm = z.object({
  claim: z.string().max(100),
  reason: z.string().max(500).default(''),
});

/** What operators do about an issue; the hook of the pages has checked role and origin. */
export function registerIssueActions(web: Web, deps: WebDeps): void {
  web.post('/issues/:owner/:repo/:number/resume', async (request, reply) => {
    const { ref, path } = namedIn(request.params);
    const resumed = await deps.pauses.resumeIssue(ref, callerOfRequest(request).name);
    if (resumed === undefined) throw new NoSuchPage('no such issue');
    return resumed
      ? goOn(reply, path, 'unparked')
      : refuseAction(reply, path, 'Nothing kept the issue from the agents that a person can end.');
  });
  web.post('/issues/:owner/:repo/:number/verify', async (request, reply) => {
    const { ref, path } = namedIn(request.params);
    const asked = await verifyOnce(deps, { ref, caller: callerOfRequest(request), reply });
    if ('refusal' in asked) return refuseAction(reply, path, asked.refusal);
    return goOn(reply, `/verifications/${encodeURIComponent(asked.id)}`, 'verifying');
  });
  web.post('/issues/:owner/:repo/:number/give-back', async (request, reply) => {
    const { ref, path } = namedIn(request.params);
    const form = giveBackForm.safeParse(request.body);
    if (!form.success) return refuseAction(reply, path, 'The form is not complete.', 400);
    const { claim: claimId, reason } = form.data;
    const caller = callerOfRequest(request);
    const plan = await planFor(deps, caller, ref);
    // A form of another issue.
    if (
      plan?.claim?.claimId !== claimId &&
      !plan?.pastClaims.some((past) => past.claimId === claimId)
    )
      throw new NoSuchPage('no such claim');
    const by = caller.name;
    const result = await deps.claims.giveBack({ claimId, by, reason });
    if (result === undefined) throw new NoSuchPage('no such claim');
    if (result.kind === 'refused') return refuseAction(reply, path, result.refusal.message);
    return goOn(reply, path, 'gave-back');
  });
}

function namedIn(params: unknown): { readonly ref: IssueRef; readonly path: string } {
  const parsed = issueParams.safeParse(params);
  const ref = parsed.success ? refOf(parsed.data) : undefined;
  const path = ref === undefined ? undefined : issuePath(formatRef(ref));
  if (ref === undefined || path === undefined) throw new NoSuchPage('no such issue');
  return { ref, path };
}

/** Asks for the last commit of an issue to be verified; a sentence when that is not possible. */
export async function verifyOnce(
  deps: WebDeps,
  {
    ref,
    caller,
    reply,
  }: { readonly ref: IssueRef; readonly caller: Caller; readonly reply: FastifyReply },
) {
  const issue = await deps.findIssue(ref);
  if (issue === undefined) throw new NoSuchPage('no such issue');
  try {
    return await deps.verifyAgain(issue, caller.name, goneSignal(reply));
  } catch (error) {
    if (!(error instanceof TryAgainLater)) throw error;
    return { refusal: `${error.message} Try again later.` };
  }
}

/** The page after an action that was not possible; nothing was changed. */
export function refuseAction(
  reply: FastifyReply,
  path: string,
  sentence: string,
  status = 409,
): Promise<FastifyReply> {
  const back = h('p', null, h('a', { href: path }, 'Back'));
  const text = h('p', { class: 'fault', role: 'alert' }, sentence);
  return sendPage(reply, h(Page, { title: 'Nothing was changed' }, text, back), status);
}
