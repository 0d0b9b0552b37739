/**
 * Cure for a Gitea that sends nothing although the webhook is right. The list of allowed hosts is the most
 * common cause: by default it holds public addresses only. `url`: the webhook's.
 */
export function hostListCure(url: string | undefined, hook = 'the webhook'): string {
  const host = (url === undefined ? undefined : URL.parse(url)?.hostname) ?? 'COORDINATOR';
  return [
    `Open Recent Deliveries of ${hook} in Gitea. If it says "webhook can only call allowed HTTP servers", add this to Gitea's app.ini and restart Gitea:`,
    '    [webhook]',
    `    ALLOWED_HOST_LIST = external, ${allowEntry(host)}`,
    `If it says "connection refused", "no such host" or a timeout, Gitea cannot reach ${host === 'COORDINATOR' ? 'that URL' : host}: correct the URL of the webhook, or the network.`,
  ].join('\n');
}

/** Gitea's word for a kind of address, or the host itself, which Gitea takes as a pattern. */
function allowEntry(host: string): string {
  if (host === 'localhost' || host === '[::1]' || host.startsWith('127.')) return 'loopback';
  if (/^(10|192\.168|172\.(1[6-9]|2\d|3[01]))\./.test(host) || /^\[f[cd]/.test(host))
    return 'private';
  return host;
}
