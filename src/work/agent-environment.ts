import { join } from 'node:path';

import { runMarker } from '../gates/process/environment.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/** Names of variables that an agent gets from the runner; all others stay with the runner. */
const inheritedNames =
  /^(?:PATH|LANG|LANGUAGE|LC_\w+|TZ|SHELL|USER|LOGNAME|SSL_CERT_(?:FILE|DIR)|NODE_EXTRA_CA_CERTS|GIT_SSL_CAINFO)$/;
/** The proxy of the machine; one whose address holds a password stays with the runner. */
const proxyNames = /^(?:https?|all)_proxy$/i;

/**
 * The whole environment of an agent. Everything in it can be read by what the agent runs, so nothing secret may be
 * in it: no token of the coordinator or of a claim, no credential of git, no key of a model's API.
 */
export function agentEnvironment(options: {
  readonly inherited: Variables;
  readonly home: string;
  readonly marker: string;
  /** What the adapter and the job add. */
  readonly added: Variables;
}): Record<string, string> {
  const { inherited, home, marker, added } = options;
  const variables: Variables = {
    ...Object.fromEntries(Object.entries(inherited).filter(mayInherit)),
    ...proxiesOf(inherited),
    HOME: home,
    TMPDIR: join(home, 'tmp'),
    TERM: 'dumb',
    // Push belongs to the runner: git must not find a credential, nor ask for one.
    GIT_TERMINAL_PROMPT: '0',
    GIT_CONFIG_NOSYSTEM: '1',
    ...added,
    [runMarker]: marker,
  };
  return Object.fromEntries(
    Object.entries(variables).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]],
    ),
  );
}

function mayInherit([name]: [string, unknown]): boolean {
  return inheritedNames.test(name);
}

/** The forwarder listens on the loopback address, which no proxy reaches. */
function proxiesOf(inherited: Variables): Variables {
  const proxies = Object.entries(inherited).filter(
    ([name, value]) => proxyNames.test(name) && value !== undefined && !value.includes('@'),
  );
  if (proxies.length === 0) return {};
  const without = [inherited['NO_PROXY'] ?? inherited['no_proxy'], '127.0.0.1', 'localhost'];
  const list = without.filter((entry) => entry !== undefined && entry !== '').join(',');
  return { ...Object.fromEntries(proxies), NO_PROXY: list, no_proxy: list };
}
