import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Open dashboards for `bench/pages.ts`, in a process of their own: each reads `/events` and asks for the overview as
 * `assets/live.js` does. Arguments: the address of the service, the cookie, the number of dashboards.
 */
const [url = '', cookie = '', count = '50'] = process.argv.slice(2);
let [asked, same, bytes, connected] = [0, 0, 0, 0];

async function watch(): Promise<void> {
  let etag: string | undefined;
  for (;;) {
    try {
      const stream = await fetch(`${url}/events`, { headers: { cookie } });
      let isAsking = false;
      connected += 1;
      if (connected === Number(count)) process.stdout.write('connected\n');
      for await (const chunk of stream.body ?? []) {
        if (isAsking || !Buffer.from(chunk).includes('data:')) continue;
        isAsking = true;
        void refresh().finally(() => (isAsking = false));
      }
    } catch {
      // Stopped, or not there yet.
    }
    await sleep(1_000);
  }

  async function refresh(): Promise<void> {
    const known = etag === undefined ? {} : { 'if-none-match': etag };
    const page = await fetch(`${url}/`, { headers: { cookie, ...known } });
    bytes += (await page.arrayBuffer()).byteLength;
    asked += 1;
    if (page.status === 304) same += 1;
    else etag = page.headers.get('etag') ?? undefined;
  }
}

process.once('SIGTERM', () => {
  const mb = (bytes / 1024 / 1024).toFixed(0);
  process.stdout.write(`${count} dashboards asked ${asked} times, ${same} times 304, ${mb} MB\n`);
  process.exitCode = 0;
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), 100);
});
for (let index = 0; index < Number(count); index += 1) void watch();
