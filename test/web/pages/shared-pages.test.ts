import { expect, test } from 'vitest';

import { signIn, visit } from '../../support/browser-like.ts';
import { startWork } from '../../support/work.ts';
import { tokenOf } from '../../support/workers.ts';

const tokens = [
  `wide:reader:${tokenOf('wide')}`,
  `also-wide:reader:${tokenOf('also-wide')}`,
  `narrow:reader[repos=acme/other]:${tokenOf('narrow')}`,
].join(',');

test.for(['/', '/issues?repository=acme/orbit', '/graph?repository=acme/orbit'])(
  '%s is rendered for all with the same rights, and for nobody else',
  async (path) => {
    const work = await startWork({ env: { API_TOKENS: tokens } });
    await work.tell(1, { title: 'Secret one' });
    const pageFor = async (name: string, etag = '') => {
      const cookie = await signIn(work, tokenOf(name));
      const reply = await visit(work, path, { headers: { cookie, 'if-none-match': etag } });
      const [html, tag] = [await reply.text(), reply.headers.get('etag') ?? ''];
      return { status: reply.status, html, tag };
    };
    const wide = await pageFor('wide');
    const narrow = await pageFor('narrow');
    const also = await pageFor('also-wide');
    expect(wide.html).toContain('Secret one');
    expect(narrow.html).not.toContain('Secret one');
    expect(also.html).toContain('Secret one');
    // The menu names who it is.
    expect(new Set([wide.tag, narrow.tag, also.tag]).size).toBe(3);
    expect((await pageFor('wide', narrow.tag)).status).toBe(200);
    expect((await pageFor('wide', wide.tag)).status).toBe(304);
  },
);
