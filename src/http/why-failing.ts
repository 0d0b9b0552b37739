import type { Check } from './health.ts';

/** Why a check fails, in a sentence for people; undefined where nothing but its status is known. */
export function whyFailing(name: string, check: Check): string | undefined {
  if (typeof check['cause'] === 'string') return check['cause'];
  const own = reasons[name]?.((key) => (typeof check[key] === 'number' ? check[key] : 0), check);
  const error = check['lastError'];
  const last =
    typeof error === 'string' ? `The last error: ${error.replace(/\.$/, '')}.` : undefined;
  const both = [own?.trim(), last].filter((said) => said !== undefined && said !== '');
  return both.length === 0 ? undefined : both.join(' ');
}

type Reason = (count: (key: string) => number, check: Check) => string;

const reasons: Readonly<Record<string, Reason>> = {
  inbox: (count) => told(count('dead'), ['delivery was', 'deliveries were'], 'given up.'),
  publish: (count) =>
    told(count('failing'), ['issue was', 'issues were'], 'refused when we wrote there.') +
    told(count('paused'), ['issue is', 'issues are'], 'paused after too many writes.'),
  forge: (count) =>
    told(count('refused'), ['write to Gitea was', 'writes to Gitea were'], 'refused.'),
  connections: (count) =>
    told(count('refused'), ['connection was', 'connections were'], 'refused: too many are open.'),
  verification: (count, { hint }) =>
    told(count('failing'), ['verification', 'verifications'], 'ended with an error of ours.') ||
    (typeof hint === 'string'
      ? told(count('queued'), ['verification is', 'verifications are'], 'not taken by a verifier.')
      : ''),
  claude: (_count, { pausedUntil, lastOutcome }) => {
    const until =
      typeof pausedUntil === 'string' ? ` Claude is not asked before ${pausedUntil}.` : '';
    return `The last call ended with "${typeof lastOutcome === 'string' ? lastOutcome : 'nothing'}".${until}`;
  },
};

/** `3 deliveries were given up.`; empty without any. */
function told(count: number, [one, many]: readonly [string, string], what: string): string {
  return count === 0 ? '' : `${count.toLocaleString('en-US')} ${count === 1 ? one : many} ${what} `;
}
