import { createHash } from 'node:crypto';

import type { FastifyReply, FastifyRequest } from 'fastify';
import { h, type JSX } from 'preact';
import { renderToStringAsync } from 'preact-render-to-string';

import { Page } from './page.ts';
import { sendPage, type Visit } from './web.ts';

/** How long one rendering serves all who ask for the same: they are told of changes no more often. */
const sharedMs = 1_000;
/** Renderings kept at once. */
const maxShared = 100;

interface Rendering {
  readonly at: number;
  readonly told: number;
  readonly html: Promise<string>;
}

/**
 * Renders what many see once for all of them. `key` has all that the content depends on: what the callers may see and
 * what they asked for. Who asks while it is rendered waits for that. What is from before the last change that pages
 * were told of serves nobody: whoever was told would be shown what was before. `told`: how often they were told.
 */
export function createSharedParts(told: () => number, now: () => number = () => performance.now()) {
  const parts = new Map<string, Rendering>();

  function render(key: string, make: () => Promise<JSX.Element>): Promise<string> {
    const known = parts.get(key);
    if (known !== undefined && now() - known.at < sharedMs && known.told === told())
      return known.html;
    const html = make().then((content) => renderToStringAsync(content));
    parts.delete(key);
    parts.set(key, { at: now(), told: told(), html });
    const [oldest] = parts.keys();
    if (parts.size > maxShared && oldest !== undefined) parts.delete(oldest);
    // A failure is of those who waited for it, and of nobody else.
    html.catch(() => {
      if (parts.get(key)?.html === html) parts.delete(key);
    });
    return html;
  }

  return { render };
}

interface SharedPage {
  readonly title: string;
  readonly path: string;
  /** What `createSharedParts` rendered. */
  readonly html: string;
}

/** Sends a live page around a shared part; 304 to a page that has it already. */
export async function sendSharedPage(
  request: FastifyRequest,
  reply: FastifyReply,
  visit: Visit,
  { title, path, html }: SharedPage,
): Promise<FastifyReply> {
  const { caller, notice } = visit;
  const shown = JSON.stringify([caller.name, caller.role, notice ?? null]);
  const etag = `"${createHash('sha256').update(shown).update(html).digest('base64url').slice(0, 22)}"`;
  void reply.header('etag', etag);
  if (request.headers['if-none-match'] === etag) return reply.code(304).send();
  // Made by the renderer, which has escaped all values.
  const content = h('div', { class: 'shared', dangerouslySetInnerHTML: { __html: html } });
  return sendPage(reply, h(Page, { title, caller, path, notice, live: true }, content));
}
