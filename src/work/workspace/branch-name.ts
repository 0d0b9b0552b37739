/** Longest part of a branch that comes from the title. */
const maxSlug = 40;

/** `agent/issue-12-short-title`: of any title, the letters and digits that are safe in names and shells. */
export function branchOf(number: number, title: string): string {
  const slug = title
    .slice(0, 1_000)
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[\u0300-\u036f'’]/g, '')
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^-/, '');
  const words = slug.length > maxSlug ? slug.slice(0, maxSlug + 1).replace(/-[^-]*$/, '') : slug;
  const short = words.slice(0, maxSlug).replace(/-$/, '');
  return short === '' ? `agent/issue-${number}` : `agent/issue-${number}-${short}`;
}

/** True for a branch that belongs to the issue, whatever its title was. */
export function isBranchOf(number: number, branch: string): boolean {
  const prefix = `agent/issue-${number}`;
  return branch === prefix || (branch.startsWith(`${prefix}-`) && /^[\w/-]{1,200}$/.test(branch));
}
