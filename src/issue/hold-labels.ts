import { isOwnLabel } from './own-marks.ts';

/**
 * The first label by which a person holds the issue back. Scope, case, blanks and signs do not matter:
 * `status/blocked`, `Status: On Hold` and `on-hold` are meant as well. Our own labels mean nothing here.
 */
export function holdingLabel(
  labels: readonly string[],
  holdLabels: readonly string[],
): string | undefined {
  const wanted = new Set(holdLabels.map(bareName));
  wanted.delete('');
  return labels.find((label) => !isOwnLabel(label.toLowerCase()) && wanted.has(bareName(label)));
}

/** Letters and digits behind the scope. */
function bareName(label: string): string {
  const name = label.split(/[/:]/).at(-1) ?? '';
  return name.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '');
}
