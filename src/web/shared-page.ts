import { createHash } from 'node:crypto';

import type { FastifyReply, FastifyRequest } from 'fastify';
import { h, type JSX } from 'preact';

import { Page, renderHtml } from './page.ts';
import { renderPageOf, type Visit } from './web.ts';

/** How long one rendering serves all who ask for the same: they are told of changes no more often. */
const sharedMs = 1_000;
/** Renderings kept at once. */
const maxShared = 100;

/** Rendered HTML, as it is sent, with its hash. */
export interface SharedPart {
  readonly bytes: Buffer;
  readonly hash: string;
}

interface Rendering {
  readonly at: number;
  readonly told: number;
  readonly part: Promise<SharedPart>;
}

/**
 * Renders what many see once for all of them. `key` has all that the content depends on: what the callers may see and
 * what they asked for. Who asks while it is rendered waits for that. What is from before the last change that pages
 * were told of serves nobody: whoever was told would be shown what was before. `told`: how often they were told.
 */
export function createSharedParts(told: () => number, now: () => number = () => performance.now()) {
  const parts = new Map<string, Rendering>();

  function render(key: string, make: () => Promise<JSX.Element>): Promise<SharedPart> {
    const known = parts.get(key);
    if (known !== undefined && now() - known.at < sharedMs && known.told === told())
      return known.part;
    const part = make().then(renderPart);
    parts.delete(key);
    parts.set(key, { at: now(), told: told(), part });
    const [oldest] = parts.keys();
    if (parts.size > maxShared && oldest !== undefined) parts.delete(oldest);
    // A failure is of those who waited for it, and of nobody else.
    part.catch(() => {
      if (parts.get(key)?.part === part) parts.delete(key);
    });
    return part;
  }

  return { render };
}

async function renderPart(content: JSX.Element): Promise<SharedPart> {
  const bytes = Buffer.from(await renderHtml(content));
  return { bytes, hash: hashOf(bytes) };
}

function hashOf(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('base64url').slice(0, 22);
}

interface SharedPage {
  readonly title: string;
  readonly path: string;
  /** What `createSharedParts` rendered. */
  readonly part: SharedPart;
}

/** Where the shared part goes. No text of others can say this: the renderer escapes them. */
const place = '<!--shared-->';

/**
 * Sends a live page around a shared part; 304 to a page that has it already. For each who asks only what is around the
 * part is rendered.
 */
export async function sendSharedPage(
  request: FastifyRequest,
  reply: FastifyReply,
  visit: Visit,
  { title, path, part }: SharedPage,
): Promise<FastifyReply> {
  const { caller, notice } = visit;
  const shown = [caller.name, caller.role, notice ?? null, request.troubles?.() ?? 0, part.hash];
  const etag = `"${hashOf(JSON.stringify(shown))}"`;
  void reply.header('etag', etag);
  if (request.headers['if-none-match'] === etag) return reply.code(304).send();
  const content = h('div', { class: 'shared', dangerouslySetInnerHTML: { __html: place } });
  const page = h(Page, { title, caller, path, notice, live: true, etag }, content);
  const [before = '', after = ''] = (await renderPageOf(reply, page)).split(place);
  return reply
    .type('text/html; charset=utf-8')
    .send(Buffer.concat([Buffer.from(before), part.bytes, Buffer.from(after)]));
}
