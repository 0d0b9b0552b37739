/**
 * The figure that this share of positive samples stays below, between two samples by ratio: sizes of
 * issues spread by factors, not by differences. Throws on no samples at all.
 */
export function logQuantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const position = Math.min(Math.max(share, 0), 1) * (sorted.length - 1);
  const below = sorted[Math.floor(position)];
  const above = sorted[Math.ceil(position)];
  if (below === undefined || above === undefined)
    throw new RangeError('there is no quantile of nothing');
  const part = position - Math.floor(position);
  return Math.exp(Math.log(below) * (1 - part) + Math.log(above) * part);
}
