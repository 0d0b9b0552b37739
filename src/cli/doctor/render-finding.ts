import wrapAnsi from 'wrap-ansi';

import { printable, shorten, type Colour, type Style } from '../output.ts';
import { verdictOf, type DoctorFinding, type Mark } from './finding.ts';

const symbols: Record<Mark, { readonly symbol: string; readonly colour: Colour }> = {
  ok: { symbol: '✔', colour: 'green' },
  hint: { symbol: 'i', colour: 'cyan' },
  skipped: { symbol: '-', colour: 'dim' },
  warning: { symbol: '!', colour: 'yellow' },
  broken: { symbol: '✖', colour: 'red' },
};

const maxText = 2_000;

/** A finding as lines of at most `width` columns; lines to be copied are not wrapped. */
export function renderFinding({ name, mark, text, cure }: DoctorFinding, style: Style): string {
  const { symbol, colour } = symbols[mark];
  const head = `${style.paint(colour, symbol)} ${style.paint('bold', printable(name))}: `;
  const [first = '', ...more] = wrapped(head + shorten(text, maxText), style.width - 2);
  const lines = [first, ...more.map((line) => `  ${line}`)];
  if (cure === undefined) return lines.join('\n');
  return [...lines, ...renderCure(cure, style)].join('\n');
}

function renderCure(cure: string, { width }: Style): string[] {
  const lines = cure.split('\n').flatMap((text) => {
    const line = shorten(text, maxText);
    return line.startsWith('    ') ? [line] : wrapped(line, width - 7);
  });
  return lines.map((line, index) => `${index === 0 ? '    -> ' : '       '}${line}`);
}

function wrapped(text: string, width: number): string[] {
  return wrapAnsi(text, Math.max(width, 20), { hard: true }).split('\n');
}

/** The last line of the doctor. */
export function renderVerdict(findings: readonly DoctorFinding[], { paint }: Style): string {
  const count = (mark: Mark) => findings.filter((finding) => finding.mark === mark).length;
  const counts = (['broken', 'warning', 'hint', 'skipped', 'ok'] as const)
    .filter((mark) => count(mark) > 0)
    .map((mark) => `${count(mark)} ${mark}${isCounted(mark) && count(mark) > 1 ? 's' : ''}`);
  const verdict = verdictOf(findings);
  const { colour } = symbols[verdict === 'warnings' ? 'warning' : verdict];
  return `${paint(colour, verdict)}: ${counts.join(', ')}`;
}

function isCounted(mark: Mark): boolean {
  return mark === 'warning' || mark === 'hint';
}
