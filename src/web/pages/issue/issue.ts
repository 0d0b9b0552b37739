import { h } from 'preact';

import { issueParams, refOf } from '../../../api/issues.ts';
import { withoutInvisible } from '../../../lib/text.ts';
import { formatRef, type IssueRef } from '../../../issue/ref.ts';
import { Page } from '../../page.ts';
import { GiteaIssue } from '../../parts/gitea-link.ts';
import { NoSuchPage, sendPage, visitOf, type Visit, type Web, type WebDeps } from '../../web.ts';
import { registerIssueActions } from './actions.ts';
import { Agents, PlanValues } from './plan-part.ts';
import { History, Text } from './history-part.ts';
import { Neighbours } from './neighbours-part.ts';
import { readIssuePage, type PartProps } from './read-issue.ts';
import { Handover } from './handoff-part.ts';
import { State, Work } from './work-part.ts';

/** `GET /issues/{owner}/{repo}/{number}`: all that is known of an issue, and what can be done about it. */
export function registerIssue(web: Web, deps: WebDeps): void {
  web.get('/issues/:owner/:repo/:number', async (request, reply) => {
    const visit = visitOf(request);
    const params = issueParams.safeParse(request.params);
    if (!params.success) throw new NoSuchPage('no such issue');
    const ref = refOf(params.data);
    const found = await readIssuePage(deps, visit.caller, ref);
    if (found === undefined)
      return sendPage(reply, h(NotStored, { ref, visit, giteaUrl: deps.store.giteaUrl }), 404);
    return sendPage(reply, h(IssuePage, { ...found, visit, deps }));
  });
  registerIssueActions(web, deps);
}

interface NotStoredProps {
  readonly ref: IssueRef;
  readonly visit: Visit;
  readonly giteaUrl: string;
}

/** Sentences also name issues that are not stored, such as one that a text waits for; Gitea may have them. */
function NotStored({ ref, visit, giteaUrl }: NotStoredProps) {
  return h(
    Page,
    { title: formatRef(ref), caller: visit.caller },
    h(
      'p',
      null,
      'It is not known here, or you may not see it. It may be ',
      h(GiteaIssue, { giteaUrl, issue: ref }),
      '.',
    ),
  );
}

function IssuePage(props: PartProps) {
  const { plan, visit } = props;
  const title = `${plan.ref} ${withoutInvisible(plan.title)}`;
  return h(
    Page,
    { title, caller: visit.caller, notice: visit.notice, live: true },
    h(State, props),
    h(
      'div',
      { class: 'columns' },
      h('div', null, h(Work, props), h(Neighbours, props), h(Text, props), h(History, props)),
      h('div', null, h(PlanValues, props), h(Agents, props), h(Handover, props)),
    ),
  );
}
