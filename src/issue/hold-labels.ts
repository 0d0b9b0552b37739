import { isOwnLabel } from './own-marks.ts';

/**
 * The first label by which a person holds the issue back. A part of its name is enough: `status/blocked`,
 * `kind/blocked/external` and `Blocked: external` are meant as well, and so is `blocked (external)`. Case,
 * width, blanks and signs do not matter. Our own labels mean nothing here.
 */
export function holdingLabel(
  labels: readonly string[],
  holdLabels: readonly string[],
): string | undefined {
  const wanted = new Set(holdLabels.flatMap((name) => partsOf(name).at(-1) ?? []));
  return labels.find(
    (label) =>
      !isOwnLabel(label.normalize('NFKC').trim().toLowerCase()) &&
      partsOf(label).some((part) => wanted.has(part)),
  );
}

/** Letters and digits of the parts between `/` and `:`, without a bracket at the end of one. */
function partsOf(label: string): string[] {
  return label
    .normalize('NFKC')
    .toLowerCase()
    .split(/[/:]/)
    .map((part) =>
      part.replace(/[([{][^()[\]{}]*[)\]}]\s*$/u, '').replaceAll(/[^\p{L}\p{N}]/gu, ''),
    )
    .filter((part) => part !== '');
}
