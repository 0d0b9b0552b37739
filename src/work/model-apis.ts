import type { IncomingHttpHeaders } from 'node:http';

/** One API of a model: which of its calls an agent may make, and how it speaks of limits. */
export interface ModelApi {
  /** Where it is, unless the operator names a gateway. */
  readonly address: string;
  /** The agent finds the address of the forwarder in this variable. */
  readonly addressVariable: string;
  /** The only calls that are passed on, by path below the address. */
  readonly calls: readonly (readonly [method: string, path: RegExp])[];
  /** The call that asks the model: its refusal for too many is a limit, its answer ends one. */
  readonly asks: string;
  /** When a limit ends, as the headers of the refusal tell in one way or another; what is not there is NaN. Milliseconds since 1970. */
  readonly limitEnds: (headers: IncomingHttpHeaders, now: number) => readonly number[];
  /** Longest wait that the agent is told of, where it would sit a longer one out. Milliseconds. */
  readonly longestWaitMs?: number;
}

/** As Claude Code calls it, and OpenCode with a model of Anthropic. */
const anthropic: ModelApi = {
  address: 'https://api.anthropic.com',
  addressVariable: 'ANTHROPIC_BASE_URL',
  calls: [
    ['POST', /^\/v1\/messages(?:\/count_tokens)?$/],
    ['GET', /^\/v1\/models(?:\/\w[\w.@:[\]-]*)?$/],
  ],
  asks: '/v1/messages',
  limitEnds: (headers, now) => [
    retryAfter(headers, now),
    // Of a subscription.
    Number(headers['anthropic-ratelimit-unified-reset'] ?? NaN) * 1000,
  ],
};

/** As Codex calls it: 0.171.0 makes this one call, for its summaries as well. Its addresses end with the version. */
const openai: ModelApi = {
  address: 'https://api.openai.com/v1',
  addressVariable: 'OPENAI_BASE_URL',
  calls: [['POST', /^\/responses$/]],
  asks: '/responses',
  limitEnds(headers, now) {
    const told = [retryAfter(headers, now), now + Number(headers['retry-after-ms'] ?? NaN)];
    // The time in which all is back, so more than what has to be waited for: only where nothing else is told.
    return told.some((time) => time > now)
      ? told
      : ['requests', 'tokens'].map((name) =>
          headers[`x-ratelimit-remaining-${name}`] === '0'
            ? now + durationMs(headers[`x-ratelimit-reset-${name}`])
            : NaN,
        );
  },
  // Codex waits for hours; without a time it ends at once.
  longestWaitMs: 60_000,
};

const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });

/** Kinds of credentials: the API that takes them, the variable in which the agent looks for one, the header for it. */
export const credentialKinds = {
  api_key: {
    ...{ api: anthropic, variable: 'ANTHROPIC_API_KEY' },
    header: (secret: string) => ({ 'x-api-key': secret }),
  },
  auth_token: { api: anthropic, variable: 'ANTHROPIC_AUTH_TOKEN', header: bearer },
  oauth_token: { api: anthropic, variable: 'CLAUDE_CODE_OAUTH_TOKEN', header: bearer },
  openai_key: { api: openai, variable: 'OPENAI_API_KEY', header: bearer },
} as const satisfies Record<string, CredentialKind>;

interface CredentialKind {
  readonly api: ModelApi;
  readonly variable: string;
  readonly header: (secret: string) => Readonly<Record<string, string>>;
}

/** `retry-after` in seconds or as a date. */
function retryAfter(headers: IncomingHttpHeaders, now: number): number {
  const after = headers['retry-after'] ?? '';
  return /^\d+$/.test(after) ? now + Number(after) * 1000 : Date.parse(after);
}

const unitsMs: Readonly<Record<string, number>> = { h: 3600_000, m: 60_000, s: 1000, ms: 1 };

/** A duration such as `6m0s`, `1.5s` or `120ms`. */
function durationMs(text: string | readonly string[] | undefined): number {
  if (typeof text !== 'string' || !/^(?:\d+(?:\.\d+)?(?:ms|[hms]))+$/.test(text)) return NaN;
  const parts = [...text.matchAll(/([\d.]+)(ms|[hms])/g)];
  return parts.reduce((sum, [, n, unit = '']) => sum + Number(n) * (unitsMs[unit] ?? NaN), 0);
}
