import { createClient } from '../../../src/verifier/client.ts';
import { openVerifier, type OpenOptions } from '../../../src/verifier/open-verifier.ts';
import { createLogger } from '../../../src/log.ts';
import { runVerifier, verifyNext, type VerifierOptions } from '../../../src/verifier/verifier.ts';
import { serviceToken, type FakeService } from './service.ts';

const quick = { firstMs: 20, factor: 1, maxMs: 20 };

/** A real verifier of a fake service, in a directory of its own. */
export async function startVerifier(
  service: FakeService,
  directory: string,
  {
    verifier = {},
    ...open
  }: Partial<OpenOptions> & { readonly verifier?: Partial<VerifierOptions> } = {},
) {
  const signal = open.signal ?? new AbortController().signal;
  const client = createClient({
    ...{ url: service.url, token: serviceToken, random: () => 0 },
    ...{ waitSeconds: 0, backoff: quick },
  });
  const opened = await openVerifier({
    ...{ directory, sandbox: 'none', passEnvironment: [], version: '0.0.0', signal },
    remoteOf: client.gitRemote,
    ...open,
  });
  const lines: string[] = [];
  const options: VerifierOptions = {
    ...{ client, verify: opened.verify, random: () => 0, backoff: quick, heartbeatMs: 50 },
    log: createLogger('info', { write: (line) => lines.push(line) }),
    ...verifier,
  };
  return {
    lines,
    sandbox: opened.sandbox,
    next: () => verifyNext(options, signal),
    run: () => runVerifier(options, signal),
    async close() {
      await opened.close();
      await client.close();
    },
  };
}
