import type { Gitea } from '../../gitea/client.ts';
import { TryAgainLater } from '../../errors.ts';
import { isoTime } from '../../issue/iso-time.ts';
import { shorten } from '../output.ts';
import type { CheckResult, DoctorFinding } from './finding.ts';

export interface Connection {
  /** As Gitea tells it; undefined when it tells nobody who is not signed in. */
  readonly version: string | undefined;
}

interface ConnectionDeps {
  /** Asks without a token: a wrong one would hide that Gitea is there. */
  readonly gitea: Pick<Gitea, 'getVersion' | 'status'>;
  /** Asks with the token, where nobody else is answered. */
  readonly signedIn: Pick<Gitea, 'getVersion'> | undefined;
  readonly url: string;
  readonly now: () => number;
}

/** Whether Gitea answers, which one it is, and whether its clock goes as ours. */
export async function checkConnection(
  { gitea, signedIn, url, now }: ConnectionDeps,
  signal: AbortSignal,
): Promise<CheckResult<Connection>> {
  try {
    const version =
      (await unlessRefused(gitea.getVersion(signal))) ??
      (signedIn === undefined ? undefined : await unlessRefused(signedIn.getVersion(signal)));
    return {
      findings: [
        { name: 'gitea', ...describeVersion(version, url) },
        clockFinding(gitea.status().clockSkewMs, now()),
      ],
      value: { version },
    };
  } catch (error) {
    if (!(error instanceof TryAgainLater)) throw error;
    return { findings: [{ name: 'gitea', ...describeFailure(error, url) }], value: undefined };
  }
}

/** Refused, it is there all the same. */
async function unlessRefused(asked: Promise<string>): Promise<string | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof TryAgainLater && error.code === 'gitea_auth') return undefined;
    throw error;
  }
}

const maxVersion = 60;
/** The first with an API for dependencies. */
const oldestMinor = 20;

function describeVersion(version: string | undefined, url: string): Omit<DoctorFinding, 'name'> {
  if (version === undefined)
    return { mark: 'ok', text: `Gitea answers at ${url}; it tells its version to nobody.` };
  const compatible = /^(.+)\+gitea-(.+)$/.exec(version);
  const told = compatible?.[2] ?? shorten(version, maxVersion);
  const name =
    compatible === null
      ? `Gitea ${told}`
      : `Forgejo ${compatible[1] ?? ''} (speaks the API of Gitea ${told})`;
  const [, major = '', minor = ''] = /^v?(\d+)\.(\d+)/.exec(told) ?? [];
  if (major === '')
    return { mark: 'ok', text: `${name} answers at ${url}: a build without a version of its own.` };
  if (Number(major) > 1 || Number(minor) >= oldestMinor)
    return { mark: 'ok', text: `${name} answers at ${url}.` };
  return {
    mark: 'warning',
    text: `${name} answers at ${url}; it is older than 1.${oldestMinor} and has no API for dependencies.`,
    cure: `Upgrade Gitea; until then only dependencies written in the text of an issue are known.`,
  };
}

const cures: ReadonlyMap<string, string> = new Map([
  [
    'gitea_unexpected',
    'Correct GITEA_URL: it is the address of the start page, with the sub-path if there is one, and without /api.',
  ],
  [
    'gitea_unavailable',
    'Look at the log of Gitea, or of the proxy before it, and run the doctor again.',
  ],
]);

function describeFailure(error: TryAgainLater, url: string): Omit<DoctorFinding, 'name'> {
  const code = causeCode(error);
  const detail = code === undefined ? '' : ` (${code})`;
  return {
    mark: 'broken',
    text: `${error.message} Asked was ${url}${detail}.`,
    cure: cures.get(error.code) ?? cureOfNetwork(code),
  };
}

function cureOfNetwork(code = ''): string {
  if (/CERT|SELF_SIGNED|UNABLE_TO/.test(code))
    return 'Name the certificate of your authority in NODE_EXTRA_CA_CERTS, or renew the one of Gitea.';
  return 'Start Gitea, or correct GITEA_URL to what this machine reaches it by; in a container, localhost is the container itself.';
}

/** The code of the system below it all, such as ECONNREFUSED. */
function causeCode(error: Error): string | undefined {
  for (let cause: unknown = error.cause; cause instanceof Error; cause = cause.cause)
    if ('code' in cause && typeof cause.code === 'string' && /^[A-Z_0-9]{3,60}$/.test(cause.code))
      return cause.code;
  return undefined;
}

/** Less is no harm: Gitea's times are in whole seconds, and the network takes its own. */
const harmfulSkewMs = 30_000;

function clockFinding(skewMs: number | null, now: number): DoctorFinding {
  const name = 'clock';
  if (skewMs === null)
    return {
      name,
      mark: 'hint',
      text: 'Gitea does not tell its time, so the clocks are not compared.',
    };
  const apart = Math.round(Math.abs(skewMs) / 1_000);
  if (Math.abs(skewMs) < harmfulSkewMs)
    return {
      name,
      mark: 'ok',
      text:
        apart < 2
          ? 'Gitea has the same time.'
          : `Gitea's clock is ${apart} s off, which is no harm.`,
    };
  return {
    name,
    mark: 'warning',
    text: `The clocks are ${apart} s apart: Gitea has ${wholeSecond(now + skewMs)}, this machine ${wholeSecond(now)}.`,
    cure: 'Set both clocks by NTP (timedatectl set-ntp true, or chrony).',
  };
}

function wholeSecond(epochMs: number): string {
  return isoTime(epochMs).replace(/\.\d+Z$/, 'Z');
}
