import { expect, test } from 'vitest';

import { checkConnection } from '../../../src/cli/doctor/connection.ts';
import { TokenRefused } from '../../../src/gitea/transport.ts';
import { failing } from '../../fake-gitea/gitea.ts';
import { testCases } from './cases.ts';

testCases([
  {
    what: 'the clocks differ',
    breakIt: (clinic) => void (clinic.now = () => Date.now() - 120_000),
    code: 1,
    name: 'clock',
    text: /1(19|20|21) s apart: Gitea has 20\S+Z, this machine 20\S+Z/,
    cure: /NTP/,
  },
  {
    what: 'Gitea is down',
    breakIt: ({ fake }) => fake.stop(),
    code: 2,
    name: 'gitea',
    text: /cannot be reached.*ECONNREFUSED/,
    cure: /Start Gitea, or correct GITEA_URL/,
  },
  {
    what: 'what answers is not Gitea',
    breakIt: ({ fake }) =>
      fake.breakWith((response) => response.end('<html>Welcome to the proxy</html>')),
    code: 2,
    name: 'gitea',
    text: /not one of its API/,
    cure: /Correct GITEA_URL/,
  },
  {
    what: 'a proxy says that Gitea is away',
    breakIt: ({ fake }) => fake.breakWith(failing(502)),
    code: 2,
    name: 'gitea',
    text: /status 502/,
    cure: /proxy/,
  },
]);

const versions: readonly [version: string, mark: string, text: RegExp][] = [
  ['1.25.4', 'ok', /^Gitea 1\.25\.4 answers/],
  ['1.20.0+dev-5-gabc', 'ok', /^Gitea 1\.20\.0/],
  ['1.19.4', 'warning', /older than 1\.20/],
  ['15.0.3+gitea-1.22.0', 'ok', /^Forgejo 15\.0\.3 \(speaks the API of Gitea 1\.22\.0\)/],
  ['1.19.0-1+gitea-1.19.4', 'warning', /^Forgejo .* older/],
  ['development', 'ok', /has no version number/],
];

test.for(versions)('version %s is %s', async ([version, mark, text]) => {
  const gitea = {
    getVersion: () => Promise.resolve(version),
    status: () => ({ lastSuccess: null, lastError: null, clockSkewMs: null }),
  };
  const deps = { gitea, signedIn: undefined, url: 'http://git', now: () => 0 };
  const { findings } = await checkConnection(deps, new AbortController().signal);
  expect(findings[0]).toMatchObject({ name: 'gitea', mark });
  expect(findings[0]?.text).toMatch(text);
  expect(findings[1]?.mark).toBe('hint');
});

test('where everything needs a sign-in, the token asks for the version', async () => {
  const refused = new TokenRefused(403, 'Gitea refused the token (403).');
  const gitea = {
    getVersion: () => Promise.reject(refused),
    status: () => ({ lastSuccess: null, lastError: null, clockSkewMs: 400 }),
  };
  const deps = { gitea, signedIn: undefined, url: 'http://git', now: () => 0 };
  const { signal } = new AbortController();
  const signedIn = { getVersion: () => Promise.resolve('1.26.1') };
  const told = await checkConnection({ ...deps, signedIn }, signal);
  expect(told.findings[0]?.text).toBe('Gitea 1.26.1 answers at http://git.');
  const silent = await checkConnection(deps, signal);
  expect(silent.findings[0]).toMatchObject({ mark: 'ok' });
});
