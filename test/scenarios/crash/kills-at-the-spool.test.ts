import { expect, test } from 'vitest';

import { startCrashProcess, type CrashPoint } from './crash-process.ts';
import { dataOnDisk } from './data-on-disk.ts';
import { issuePayload, signedRequest } from '../../support/recordings.ts';
import { startService, temporaryDirectory } from '../../support/service.ts';

interface Window {
  readonly point: CrashPoint;
  /** Whether the delivery is answered, and whether it is found in the spool afterwards. */
  readonly answered: boolean;
  readonly spooled: boolean;
}

const windows: readonly Window[] = [
  { point: 'before-commit', answered: false, spooled: false },
  { point: 'after-commit', answered: false, spooled: true },
  { point: 'before-take-in', answered: true, spooled: true },
  { point: 'after-take-in', answered: true, spooled: true },
];

test.each(windows)(
  'a service killed at "$point" handles its delivery once after the next start, if it was stored',
  { timeout: 120_000 },
  async ({ point, answered, spooled }) => {
    const directory = temporaryDirectory();
    const service = await startCrashProcess({ directory, env: {}, ownEnd: { point, passes: 1 } });
    const { headers, body } = signedRequest(issuePayload(), { id: 'one' });
    const status = await fetch(`${service.url}/webhook/gitea`, {
      method: 'POST',
      headers,
      body: new Uint8Array(body),
    }).then(
      (reply) => reply.status,
      () => undefined,
    );
    expect(await service.exit()).toMatchObject({ signal: 'SIGKILL' });
    // The answer may have been on its way when the process ended.
    if (!answered) expect(status).toBeUndefined();
    const left = dataOnDisk(directory);
    expect(left.spooled).toEqual(spooled ? ['one'] : []);
    const next = await startService({ directory });
    await next.idle();
    const { json } = await next.api('/deliveries');
    expect(json).toMatchObject({
      items: spooled ? [{ deliveryId: 'one', status: 'done' }] : [],
    });
    const handled = next.logs.filter(({ msg }) => msg === 'issue handled');
    expect(handled).toHaveLength(spooled ? 1 : 0);
    // Sent again, as a person would: it is a duplicate only where it was stored.
    expect((await next.send(signedRequest(issuePayload(), { id: 'one' }))).json.status).toBe(
      spooled ? 'duplicate' : 'accepted',
    );
    await next.idle();
    await next.close();
    expect(next.logs.filter(({ level }) => level === 'error')).toEqual([]);
  },
);
