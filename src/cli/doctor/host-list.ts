/**
 * What to do when Gitea sends nothing although the hook is right. Its list of allowed hosts is what most
 * set-ups fail at: it has public addresses only unless told otherwise. `url`: the hook's.
 */
export function hostListCure(url: string | undefined, hook = 'the hook'): string {
  const host = (url === undefined ? undefined : URL.parse(url)?.hostname) ?? 'COORDINATOR';
  return [
    `Look at Recent Deliveries of ${hook} in Gitea. "webhook can only call allowed HTTP servers" there means the list of allowed hosts; put into app.ini of Gitea, and restart it:`,
    '    [webhook]',
    `    ALLOWED_HOST_LIST = external, ${allowEntry(host)}`,
    `"connection refused", "no such host" or a timeout there means that Gitea cannot reach ${host === 'COORDINATOR' ? 'that URL' : host}: correct the URL of the hook, or the network.`,
  ].join('\n');
}

/** Gitea's word for a kind of address, or the host itself, which it takes as a pattern. */
function allowEntry(host: string): string {
  if (host === 'localhost' || host === '[::1]' || host.startsWith('127.')) return 'loopback';
  if (/^(10|192\.168|172\.(1[6-9]|2\d|3[01]))\./.test(host) || /^\[f[cd]/.test(host))
    return 'private';
  return host;
}
