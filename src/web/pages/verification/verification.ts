import { h } from 'preact';
import { z } from 'zod';

import { callerOfRequest } from '../../../api/auth.ts';
import { verificationFor } from '../../../api/for-caller.ts';
import { goneSignal } from '../../../http/gone-signal.ts';
import { parseRef } from '../../../issue/ref.ts';
import { Page } from '../../page.ts';
import { goOn, NoSuchPage, sendPage, visitOf, type Web, type WebDeps } from '../../web.ts';
import { refuseAction, verifyOnce } from '../issue/actions.ts';
import { Findings, Log } from './findings-part.ts';
import { readAround, type VerificationProps } from './read-verification.ts';
import { Gates, LookedAt, Others, Verdict } from './verdict-part.ts';

const params = z.object({ id: z.string().max(100) });

/** `GET /verifications/{id}`: where the statuses of commits and the pull requests lead to. */
export function registerVerification(web: Web, deps: WebDeps): void {
  web.get('/verifications/:id', async (request, reply) => {
    const visit = visitOf(request);
    const { id } = params.parse(request.params);
    const wait = { waitMs: 0, signal: goneSignal(reply) };
    const found = await verificationFor(deps.verifications, visit.caller, id, wait);
    if ('denied' in found) {
      if (found.denied.status === 404) throw new NoSuchPage('no such verification');
      return refuseAction(reply, '/', found.denied.body.error.message, found.denied.status);
    }
    const around = await readAround(deps, visit.caller, found.view);
    return sendPage(reply, h(VerificationPage, { ...around, view: found.view, visit }));
  });
  web.post('/verifications/:id/verify', async (request, reply) => {
    const caller = callerOfRequest(request);
    const { id } = params.parse(request.params);
    const wait = { waitMs: 0, signal: goneSignal(reply) };
    const found = await verificationFor(deps.verifications, caller, id, wait);
    const ref = 'denied' in found ? undefined : parseRef(found.view.issue);
    if (ref === undefined) throw new NoSuchPage('no such verification');
    const asked = await verifyOnce(deps, { ref, caller, reply });
    const path = (of: string) => `/verifications/${encodeURIComponent(of)}`;
    if ('refusal' in asked) return refuseAction(reply, path(id), asked.refusal);
    return goOn(reply, path(asked.id), 'verifying');
  });
}

function VerificationPage(props: VerificationProps) {
  const { view, visit } = props;
  return h(
    Page,
    {
      title: `Verification of ${view.issue}`,
      ...{ caller: visit.caller, notice: visit.notice, live: true },
    },
    h(Verdict, props),
    h(Gates, props),
    h(Findings, props),
    h(
      'div',
      { class: 'columns' },
      h('div', null, h(LookedAt, props)),
      h('div', null, h(Others, props)),
    ),
    h(Log, props),
  );
}
