import { ownCommentMarker } from '../issue/own-marks.ts';
import { shortHash } from '../issue/reasons.ts';
import type { VerdictGate } from '../issue/verification.ts';
import { oneLine, withoutInvisible } from '../lib/text.ts';

/** What our part of a pull request tells. */
export interface PullText {
  /** Number of the issue that a merge closes. */
  readonly issue: number;
  readonly commit: string;
  /** Head of the base branch that it was verified on. */
  readonly base: string | null;
  readonly baseBranch: string;
  readonly gates: readonly VerdictGate[];
  /** Page of the verification; undefined: there is none. */
  readonly page: string | undefined;
  /** The agent's own words. */
  readonly handoff: string | undefined;
}

const maxTitle = 200;
const maxHandoff = 4_000;

/** The issue's title, in which no number or link counts as a reference: merging must not close what a title names. */
export function pullTitle(title: string): string {
  const line = oneLine(withoutInvisible(title), maxTitle);
  const plain = line.replaceAll(/(#|!|\/(?:issues|pulls)\/)(?=\d)/gi, '$1 ');
  return plain === '' ? 'Work of an agent' : plain;
}

/**
 * Our part of the description of a pull request: fixed words around checked values, and the agent's words as a block of
 * code, in which Gitea sees no reference, mention, image or markup.
 */
export function pullBlock(text: PullText): string {
  const { commit, base, baseBranch, gates, page, handoff } = text;
  const onto = base === null ? '' : `, merged onto \`${shortHash(base)}\``;
  const branch = /^[\w./-]{1,100}$/.test(baseBranch) ? ` of \`${baseBranch}\`` : '';
  const more = page === undefined ? '' : ` ([more about it](${page}))`;
  return [
    ownCommentMarker,
    `Closes #${text.issue}`,
    `The gates passed on \`${shortHash(commit)}\`${onto}${onto === '' ? '' : branch}${more}:`,
    table(gates),
    ...(handoff === undefined ? [] : [quoted(handoff)]),
    'Written by Mosaic Coordinator, which keeps this part up to date: write above it. Ask for changes in a review, and an agent gets the issue again.',
  ].join('\n\n');
}

/** Our part of a pull request that another one replaces. */
export function replacedBlock(by: number): string {
  return [ownCommentMarker, `Replaced by !${by}, of another branch.`].join('\n\n');
}

function table(gates: readonly VerdictGate[]): string {
  const rows = gates.map(
    ({ gate, status, durationMs }) => `| ${nameOf(gate)} | ${status} | ${seconds(durationMs)} |`,
  );
  return ['| Gate | Result | Time |', '| --- | --- | --- |', ...rows].join('\n');
}

/** The gates file of the base names them; what is no plain name is not shown. */
function nameOf(gate: string): string {
  return /^[\w.:-]{1,60}$/.test(gate) ? `\`${gate}\`` : 'a gate';
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1_000).toFixed(1)} s`;
}

function quoted(handoff: string): string {
  const shown = withoutInvisible(handoff.toWellFormed()).trim();
  const cut =
    shown.length > maxHandoff ? `${shown.slice(0, maxHandoff - 1).toWellFormed()}…` : shown;
  const ticks = Math.max(2, ...[...cut.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(ticks + 1);
  const summary = 'What the agent says about it, checked by nobody';
  return [
    `<details><summary>${summary}</summary>`,
    `${fence}text\n${cut}\n${fence}`,
    '</details>',
  ].join('\n\n');
}

/** A description with our part in it, below what people wrote above it. */
export function withBlock(body: string, block: string): string {
  const at = body.indexOf(ownCommentMarker);
  const above = (at < 0 ? body : body.slice(0, at)).trimEnd();
  return above === '' ? block : `${above}\n\n${block}`;
}
