import { expect, test } from 'vitest';

import { signIn, visit } from '../../support/browser-like.ts';
import { readPage } from '../../support/docs.ts';
import { apiToken } from '../../support/service.ts';
import { startWork } from '../../support/work.ts';
import { call, tokenOf } from '../../support/workers.ts';

const narrowed = {
  reader: 'token-of-the-narrow-reader',
  worker: 'token-of-the-narrow-worker',
  verifier: 'token-of-the-narrow-verifier',
};
const API_TOKENS = [
  `tests:${apiToken}`,
  ...Object.entries(narrowed).map(([role, token]) => `n-${role}:${role}[repos=acme/*]:${token}`),
  `keeper:worker[repos=secret/*]:${tokenOf('keeper')}`,
  `digger:worker[repos=secret/*]:${tokenOf('digger')}`,
].join(',');

/** In the titles, texts, labels, reasons and handoffs of the hidden repository, and nowhere else; and its name. */
const word = /xyzzy|keeper|digger/i;
const wordOrName = /xyzzy|keeper|digger|vault/i;
const vault = { repositoryId: 9, repository: 'secret/vault' };

/** Both repositories wait for each other; agents work in the hidden one. */
async function startBeside() {
  const service = await startWork({ env: { API_TOKENS } });
  const hidden = { ...vault, labels: ['xyzzy-label'] };
  await service.tell(1, { title: 'Seen one' });
  await service.tell(7, {
    ...hidden,
    title: 'Xyzzy seven',
    body: 'Blocks: acme/orbit#1, secret/vault#9, xyzzy/x#5',
  });
  await service.tell(8, { ...hidden, title: 'Xyzzy eight', body: 'Xyzzy waits for acme/orbit#2.' });
  await service.tell(9, { ...hidden, title: 'Xyzzy nine', body: 'Total estimated: 20k' });
  await service.tell(10, { ...hidden, title: 'Xyzzy ten', body: 'Total estimated: 20k' });
  await service.tell(2, { title: 'Seen two', body: 'Total estimated: 20k' });
  await service.tell(3, { title: 'Seen three', body: 'Blocked by: #2' });
  const stuck = await service.held('keeper');
  const spent = { tokens: 9_000, costUsd: 2.5 };
  const handoff = { position: 'xyzzy' };
  const body = { reason: 'Xyzzy is locked.', handoff, spent };
  expect((await call(service, 'keeper', { held: stuck, what: 'block', body })).status).toBe(200);
  await service.held('digger');
  return service;
}

/** All that a caller can ask for by GET, pages and answers of the API. */
const addresses = ['docs/pages.md', 'docs/api.md'].flatMap((page) =>
  [...readPage(page).text.matchAll(/^\| `GET (\/[^`]*)`/gm)]
    .map(([, address = '']) => address)
    .filter((address) => !/^\/(assets|events|mcp|metrics)|\/git\//.test(address)),
);

const paths = addresses.flatMap((address) => {
  const places = ['acme/orbit', 'secret/vault'].flatMap((repository) =>
    [1, 2, 3, 7, 8, 9].map((number) =>
      address.replace('{owner}/{repo}/{number}', `${repository}/${number}`),
    ),
  );
  return [...new Set(places)].map((path) => path.replace('{id}', 'none'));
});
const queries = ['?q=seven', '?q=%237', '?repository=secret/vault', '?agent=sonnet'];
for (const path of ['/', '/issues', '/graph', '/api/v1/issues', '/api/v1/graph'])
  paths.push(...queries.map((query) => `${path}${query}`));

test('who is narrowed to repositories finds no word of another one, whatever he asks for', async () => {
  const service = await startBeside();
  for (const [role, token] of Object.entries(narrowed)) {
    const headers = { cookie: await signIn(service, token), authorization: `Bearer ${token}` };
    const found: string[] = [];
    const answered: string[] = [];
    for (const path of paths) {
      const reply = await visit(service, path, { headers });
      const text = await reply.text();
      // The form shows what was asked for.
      const at = (path.includes('vault') ? word : wordOrName).exec(text)?.index;
      if (at !== undefined) found.push(`${path}: …${text.slice(Math.max(0, at - 120), at + 60)}…`);
      if (reply.status === 200) answered.push(path);
    }
    expect([role, found]).toEqual([role, []]);
    expect(answered).toContain('/issues/acme/orbit/1');
    expect(answered).toContain('/api/v1/issues/acme/orbit/3');
    expect(answered.filter((path) => path.includes('secret/vault/'))).toEqual([]);
  }
  // Whoever is not narrowed finds them: they are there to be found.
  const cookie = await signIn(service);
  for (const path of ['/', '/issues', '/issues/acme/orbit/1', '/graph?repository=secret/vault']) {
    const text = await (await visit(service, path, { headers: { cookie } })).text();
    expect([path, word.test(text)]).toEqual([path, true]);
  }
});
