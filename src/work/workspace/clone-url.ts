/**
 * The address to fetch from and push to. By default that of the page on Gitea; else the template, in which
 * `{owner}` and `{repo}` stand for the names. `ref` is `owner/name#number`.
 */
export function cloneUrlOf(
  { ref, url }: { readonly ref: string; readonly url: string },
  template: string | undefined,
): string {
  const [owner = '', repo = ''] = (ref.split('#', 1)[0] ?? '').split('/');
  if (template !== undefined)
    return template.replaceAll('{owner}', owner).replaceAll('{repo}', repo);
  return `${url.replace(/\/issues\/\d+$/, '')}.git`;
}

/** Why a template cannot be used; undefined when it can. */
export function templateProblem(template: string): string | undefined {
  if (!template.includes('{owner}') || !template.includes('{repo}'))
    return '--clone-url must contain {owner} and {repo}: --clone-url git@git.example.org:{owner}/{repo}.git';
  if (/^[\w+-]+:\/\/[^/]*:[^/]*@/.test(template))
    return '--clone-url must not contain a password: give it to a credential helper of git';
  if (/^-|^ext::|\s/.test(template)) return '--clone-url must be an address or a path';
  return undefined;
}
