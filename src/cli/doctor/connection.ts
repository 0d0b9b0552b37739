import type { Gitea } from '../../gitea/client.ts';
import { TryAgainLater } from '../../errors.ts';
import { isoTime } from '../../issue/iso-time.ts';
import { shorten } from '../output.ts';
import { readTheLog, unlessRefused } from './check.ts';
import { broken, hint, ok, resultOf, warning, type CheckResult, type Outcome } from './finding.ts';

interface ConnectionDeps {
  /** Without a token: a wrong one would hide that Gitea answers. */
  readonly gitea: Pick<Gitea, 'getVersion' | 'status'>;
  /** With the token, for a Gitea that requires a sign-in. */
  readonly signedIn: Pick<Gitea, 'getVersion'> | undefined;
  readonly url: string;
  readonly now: () => number;
}

/** Checks that Gitea answers, its version, and its clock; there is a value when it answers. */
export async function checkConnection(
  { gitea, signedIn, url, now }: ConnectionDeps,
  signal: AbortSignal,
): Promise<CheckResult<{ readonly version: string | undefined }>> {
  try {
    const refused = () => undefined;
    // A Gitea that refuses is there all the same; some report their version to nobody.
    const version =
      (await unlessRefused(gitea.getVersion(signal), refused)) ??
      (signedIn && (await unlessRefused(signedIn.getVersion(signal), refused)));
    return {
      findings: [
        { name: 'gitea', ...describeVersion(version, url) },
        { name: 'clock', ...describeClock(gitea.status().clockSkewMs, now()) },
      ],
      value: { version },
    };
  } catch (error) {
    if (!(error instanceof TryAgainLater)) throw error;
    return resultOf('gitea', describeFailure(error, url));
  }
}

const maxVersion = 60;
/** Oldest 1.x version with an API for dependencies. */
const oldestMinor = 20;

function describeVersion(version: string | undefined, url: string): Outcome {
  if (version === undefined) return ok(`Gitea answers at ${url}; it does not report its version.`);
  const compatible = /^(.+)\+gitea-(.+)$/.exec(version);
  const giteaVersion = compatible?.[2] ?? shorten(version, maxVersion);
  const name =
    compatible === null
      ? `Gitea ${giteaVersion}`
      : `Forgejo ${compatible[1] ?? ''} (speaks the API of Gitea ${giteaVersion})`;
  const [, major = '', minor = ''] = /^v?(\d+)\.(\d+)/.exec(giteaVersion) ?? [];
  if (major === '') return ok(`${name} answers at ${url}; this build has no version number.`);
  if (Number(major) > 1 || Number(minor) >= oldestMinor) return ok(`${name} answers at ${url}.`);
  return warning(
    `${name} answers at ${url}; it is older than 1.${oldestMinor} and has no API for dependencies.`,
    `Upgrade Gitea. Until then only dependencies written in the text of an issue are known.`,
  );
}

/** Why Gitea does not answer, and the cure. */
export function describeFailure(error: TryAgainLater, url: string): Outcome {
  const code = causeCode(error);
  const detail = code === undefined ? '' : ` (${code})`;
  return broken(`${error.message} The URL is ${url}${detail}.`, cureOf(error, code));
}

function cureOf(error: TryAgainLater, code = ''): string {
  if (error.code === 'gitea_unexpected')
    return 'Correct GITEA_URL. It is the address of the start page, with the sub-path if there is one, and without /api.';
  if (error.code === 'gitea_unavailable') return readTheLog;
  if (/CERT|SELF_SIGNED|UNABLE_TO/.test(code))
    return "Set NODE_EXTRA_CA_CERTS to the certificate file of your authority, or renew Gitea's certificate.";
  return 'Start Gitea, or correct GITEA_URL to an address that this machine can reach. Inside a container, localhost is the container itself.';
}

/** Error code of the operating system or OpenSSL, such as ECONNREFUSED. */
function causeCode(error: Error): string | undefined {
  for (let cause: unknown = error.cause; cause instanceof Error; cause = cause.cause)
    if ('code' in cause && typeof cause.code === 'string' && /^[A-Z_0-9]{3,60}$/.test(cause.code))
      return cause.code;
  return undefined;
}

/** Clock difference that is reported as a warning; Gitea's times are in whole seconds, and the network adds some. */
const harmfulSkewMs = 30_000;

function describeClock(skewMs: number | null, now: number): Outcome {
  if (skewMs === null)
    return hint('Gitea does not report its time, so the clocks are not compared.');
  const apart = Math.round(Math.abs(skewMs) / 1_000);
  if (Math.abs(skewMs) < harmfulSkewMs)
    return ok(
      apart < 2
        ? 'Gitea and this machine have the same time.'
        : `Gitea's clock is ${apart} s off, which is harmless.`,
    );
  return warning(
    `The clocks are ${apart} s apart: Gitea has ${wholeSecond(now + skewMs)}, this machine ${wholeSecond(now)}.`,
    'Synchronize both clocks with NTP (timedatectl set-ntp true, or chrony).',
  );
}

function wholeSecond(epochMs: number): string {
  return isoTime(epochMs).replace(/\.\d+Z$/, 'Z');
}
