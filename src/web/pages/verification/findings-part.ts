import { h } from 'preact';

import { oneLine, withoutInvisible } from '../../../lib/text.ts';
import { tokens } from '../../parts/amounts.ts';
import { FileLink } from '../../parts/gitea-link.ts';
import { Box, NoSection, Section } from '../../parts/section.ts';
import type { ReportedGate } from './read-verification.ts';
import type { VerificationProps } from './read-verification.ts';

/** Findings of one gate that are shown, and characters of one. */
const maxOfGate = 100;
const maxMessage = 600;
/** Characters of the report that are shown. */
const maxReport = 60_000;

/** What is to be fixed, by gate and file. */
export function Findings({ view, report, giteaUrl, repository }: VerificationProps) {
  const gates = (report?.gates ?? []).filter(({ findings }) => findings.length > 0);
  if (gates.length > 0)
    return h(
      Section,
      { id: 'findings', title: 'Findings' },
      gates.map((gate) => h(OfGate, { gate, giteaUrl, repository, commit: view.commit })),
    );
  if (view.findings === '') return h(NoSection, { id: 'findings' });
  return h(
    Section,
    { id: 'findings', title: 'Findings' },
    h(Box, { label: 'List of findings' }, h('pre', null, withoutInvisible(view.findings))),
  );
}

interface OfGateProps extends Pick<VerificationProps, 'giteaUrl' | 'repository'> {
  readonly gate: ReportedGate;
  readonly commit: string;
}

function OfGate({ gate, commit, ...place }: OfGateProps) {
  const shown = gate.findings.slice(0, maxOfGate);
  const more = gate.findings.length - shown.length + gate.findingsOmitted;
  const files = Map.groupBy(shown, ({ file }) => file ?? '');
  return [
    h('h3', null, withoutInvisible(gate.gate)),
    h(
      'ul',
      { class: 'findings' },
      [...files].map(([file, found]) =>
        h(
          'li',
          null,
          file === '' ? 'in no file' : h(FileLink, { ...place, commit, file, line: null }),
          h(
            'ul',
            null,
            found.map(({ line, rule, message, severity }) =>
              h(
                'li',
                null,
                line === null || file === ''
                  ? null
                  : [h(FileLink, { ...place, commit, file, line, short: true }), ' '],
                rule === null ? null : [h('code', null, withoutInvisible(rule)), ' '],
                severity === 'error' ? null : h('small', null, `${oneLine(severity, 20)} `),
                oneLine(message, maxMessage),
              ),
            ),
          ),
        ),
      ),
    ),
    more > 0 ? h('p', { class: 'help' }, `… and ${tokens(more)} more.`) : null,
  ];
}

/** The report as it came, and the list that the agent got. */
export function Log({ view, report }: VerificationProps) {
  if (view.endedAt === null) return h(NoSection, { id: 'report' });
  if (report === undefined)
    return h(
      Section,
      { id: 'report', title: 'Report' },
      h(
        'p',
        null,
        'No report is kept: none came, or it is older than the newest 200, or the verdict is that of an earlier verification of the same commit.',
      ),
    );
  const isCut = report.text.length > maxReport;
  const text = withoutInvisible(report.text.slice(0, maxReport).toWellFormed());
  return h(
    Section,
    { id: 'report', title: 'Report' },
    h(
      'details',
      null,
      h('summary', null, 'As the verifier sent it'),
      h(Box, { label: 'Report of the gates' }, h('pre', null, text)),
    ),
    isCut
      ? h(
          'p',
          { class: 'help' },
          `Cut: it has ${tokens(report.text.length)} characters. The whole of it: `,
          h('code', null, `GET /api/v1/verifications/${view.id}/report`),
        )
      : null,
  );
}
