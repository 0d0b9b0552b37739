import { h, type ComponentChildren, type JSX } from 'preact';
import { useContext } from 'preact/hooks';
import { renderToStringAsync } from 'preact-render-to-string';

import type { Caller } from '../api/roles.ts';
import { assetPath } from './assets.ts';
import { Trouble } from './trouble.ts';

interface PageProps {
  readonly title: string;
  /** Whose page it is; undefined before signing in. */
  readonly caller?: Caller | undefined;
  /** Path of the page, by which the menu marks where one is. */
  readonly path?: string;
  /** True: parts of the page that change are refreshed. */
  readonly live?: boolean;
  /** One line above the page: what an action did. */
  readonly notice?: string | undefined;
  /** Goes on to this path by itself. */
  readonly goTo?: string;
  /** Of this page: whoever has it asks with it for a newer one. */
  readonly etag?: string;
  readonly children?: ComponentChildren;
}

/** What the script of live pages shows while it asks in vain. */
const behind = 'The service does not answer. This is what was; the page goes on by itself.';

/** The menu, by role. */
const menu: readonly (readonly [path: string, name: string, isForAll: boolean])[] = [
  ['/', 'Overview', true],
  ['/issues', 'Issues', true],
  ['/graph', 'Graph', true],
  ['/agents', 'Agents', true],
  ['/deliveries', 'Deliveries', false],
  ['/status', 'Health', true],
  ['/docs', 'API', true],
];

/** A whole page: head, menu, and its own part. All text is escaped by the renderer. */
export function Page({
  title,
  caller,
  path,
  live = false,
  notice,
  goTo,
  etag,
  children,
}: PageProps) {
  const name = 'Mosaic Coordinator';
  return h(
    'html',
    { lang: 'en', 'data-etag': etag },
    h(
      'head',
      null,
      h('meta', { charset: 'utf-8' }),
      h('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
      h('meta', { name: 'color-scheme', content: 'light dark' }),
      goTo === undefined ? null : h('meta', { 'http-equiv': 'refresh', content: `0;url=${goTo}` }),
      h('title', null, title === 'Overview' ? name : `${title} · ${name}`),
      h('link', { rel: 'icon', href: assetPath('icon'), type: 'image/svg+xml' }),
      h('link', { rel: 'stylesheet', href: assetPath('style') }),
      live ? h('script', { type: 'module', src: assetPath('live') }) : null,
    ),
    h(
      'body',
      null,
      h('a', { class: 'skip', href: '#content' }, 'Skip to the content'),
      h(
        'header',
        { class: 'top' },
        h('a', { class: 'brand', href: '/' }, name),
        caller === undefined ? null : h(Menu, { caller, path }),
      ),
      h(
        'main',
        { id: 'content', tabIndex: -1 },
        live
          ? h('p', { id: 'behind', class: 'fault', role: 'status', hidden: true }, behind)
          : null,
        h('h1', null, title),
        notice === undefined ? null : h('p', { class: 'notice', role: 'status' }, notice),
        children,
      ),
    ),
  );
}

function Menu({ caller, path }: { readonly caller: Caller; readonly path: string | undefined }) {
  const shown = menu.filter(([, , isForAll]) => isForAll || caller.role === 'operator');
  const trouble = useContext(Trouble);
  const links = shown.map(([to, name]) =>
    h(
      'a',
      { href: to, 'aria-current': to === path ? 'page' : undefined },
      name,
      to === '/status' && trouble > 0 ? h(TroubleMark, { trouble }) : null,
    ),
  );
  return [
    h('nav', { id: 'menu', 'data-live': true, 'aria-label': 'Pages' }, links),
    h(
      'form',
      { class: 'who', method: 'post', action: '/sign-out' },
      h('span', null, `${caller.name}, ${caller.role}`),
      h('button', { type: 'submit' }, 'Sign out'),
    ),
  ];
}

/** How many checks of the service fail. */
function TroubleMark({ trouble }: { readonly trouble: number }) {
  const says = trouble === 1 ? '1 check fails' : `${trouble} checks fail`;
  return [' ', h('span', { class: 'trouble', title: says }, `! ${trouble}`)];
}

/** Control characters, and those that turn the direction of all that follows on the line. */
const turning = /[[\p{Cc}--[\n\r\t]]\u202a-\u202e\u2066-\u2069]/gv;

/** HTML of a page. */
export async function renderPage(page: JSX.Element): Promise<string> {
  return `<!doctype html>${await renderHtml(page)}`;
}

/** HTML without those characters of foreign texts by which a page would read other than it is. */
export async function renderHtml(content: JSX.Element): Promise<string> {
  return (await renderToStringAsync(content)).replace(turning, '');
}
