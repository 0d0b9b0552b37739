import { createHash } from 'node:crypto';

import type { FastifyReply, FastifyRequest } from 'fastify';
import { h, type JSX } from 'preact';

import { workerOf, type Caller } from '../api/roles.ts';
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
  readonly told: number;
  readonly part: Promise<SharedPart>;
}

/** What is asked for, and by whom. */
interface Question {
  readonly caller: Caller;
  /** All of the address that the content depends on. */
  readonly asked: unknown;
}

/**
 * Renders what many see once for all of them: those with the same rights who ask for the same. Who asks while it is
 * rendered waits for that. What is from before the last change that pages were told of serves nobody: whoever was told
 * would be shown what was before. `told`: how often they were told, and how often a visitor changed something.
 */
export function createSharedParts(told: () => number) {
  const renderings = new Map<string, Rendering>();

  function render(question: Question, make: () => Promise<JSX.Element>): Promise<SharedPart> {
    const key = keyOf(question);
    const known = renderings.get(key);
    if (known?.told === told()) return known.part;
    const rendering = { told: told(), part: make().then(renderPart) };
    renderings.delete(key);
    renderings.set(key, rendering);
    const [oldest] = renderings.keys();
    if (renderings.size > maxShared && oldest !== undefined) renderings.delete(oldest);
    const forget = () => {
      if (renderings.get(key) === rendering) renderings.delete(key);
    };
    // A failure is of those who waited for it, and of nobody else.
    rendering.part.then(() => setTimeout(forget, sharedMs).unref(), forget);
    return rendering.part;
  }

  return { render };
}

/** Rights and question. A worker is shown its own work, so its name counts. */
function keyOf({ caller, asked }: Question): string {
  const { role, repositories, agents } = caller;
  const who = [role, workerOf(caller) ?? null, repositories ?? null, agents ?? null];
  return JSON.stringify([who, asked]);
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
