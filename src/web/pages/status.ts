import { h, type ComponentChildren } from 'preact';

import type { Caller } from '../../api/roles.ts';
import { checkTexts, type CheckText } from '../../http/check-texts.ts';
import { whyFailing } from '../../http/why-failing.ts';
import { isFailing, type Check, type CheckStatus } from '../../http/health.ts';
import { capital } from '../../lib/text.ts';
import { Page } from '../page.ts';
import { At, inWords, usd } from '../parts/amounts.ts';
import { sendPage, visitOf, type Web, type WebDeps } from '../web.ts';

/** Details of one check that are shown, and the length of each. */
const maxDetails = 20;
const maxDetail = 300;

const words: Readonly<Record<CheckStatus, string>> = {
  ok: 'fine',
  degraded: 'degraded',
  down: 'down',
  off: 'off',
};

/** `GET /status`: each check of `/health`, what it means, and what helps. */
export function registerStatus(web: Web, { health, version, startedAt, now }: WebDeps): void {
  web.get('/status', async (request, reply) => {
    const { caller, notice } = visitOf(request);
    const checks = Object.entries(await health());
    const failing = checks.filter(([, check]) => isFailing(check));
    const others = checks.filter(([, check]) => !isFailing(check));
    const sentence =
      failing.length === 0
        ? 'Everything works.'
        : `${failing.length} of ${checks.length} checks ${failing.length === 1 ? 'fails' : 'fail'}.`;
    const list = [...failing, ...others].map(([name, check]) =>
      h(CheckCard, { name, check, caller, now: now() }),
    );
    return sendPage(
      reply,
      h(
        Page,
        { title: 'Health', caller, notice, path: '/status', live: true },
        h(
          'section',
          { id: 'checks', 'data-live': true, 'aria-label': 'Checks' },
          h('p', { class: failing.length === 0 ? 'notice' : 'fault' }, sentence),
          h(
            'p',
            { class: 'help' },
            `Version ${version}, running for ${inWords(now() - startedAt)}. Times are UTC. Programs ask `,
            h('code', null, '/health'),
            '.',
          ),
          h('div', { class: 'checks' }, ...list),
        ),
      ),
    );
  });
}

/** Where operators can do what helps. */
const links: Readonly<Record<string, readonly [path: string, name: string]>> = {
  inbox: ['/deliveries?status=dead', 'Deliveries that were given up'],
  webhook: ['/deliveries?status=rejected', 'Deliveries that were not understood'],
};

/** What of a check stands above its figures. */
const isSaid = new Set(['status', 'cause', 'cure', 'hint', 'lastError']);

interface CheckProps {
  readonly caller: Caller;
  readonly name: string;
  readonly check: Check;
  readonly now: number;
}

function CheckCard({ name, check, caller, now }: CheckProps) {
  const link = caller.role === 'operator' ? links[name] : undefined;
  const text: CheckText | undefined = checkTexts[name];
  const { status, cure, hint } = check;
  const details = Object.fromEntries(Object.entries(check).filter(([key]) => !isSaid.has(key)));
  const help = [cure, hint].find((said) => typeof said === 'string') ?? text?.cure;
  return h(
    'article',
    { class: `check ${status}` },
    h(
      'h2',
      null,
      text?.title ?? name,
      ' ',
      h('span', { class: `badge check-${status}` }, words[status]),
    ),
    isFailing(check)
      ? [
          h(
            'p',
            null,
            h('strong', null, 'Why: '),
            plain(whyFailing(name, check) ?? 'not known here; the log of the service may say it.'),
          ),
          h('p', null, h('strong', null, 'What helps: '), plain(help)),
          link === undefined ? null : h('p', null, h('a', { href: link[0] }, link[1])),
        ]
      : h('p', null, text?.meaning ?? ''),
    status === 'off' ? h('p', { class: 'help' }, text?.off ?? 'Not in use.') : null,
    h(Details, { details, now }),
  );
}

interface DetailsProps {
  readonly details: Readonly<Record<string, unknown>>;
  readonly now: number;
}

/** The figures of a check, as `/health` has them. */
function Details({ details, now }: DetailsProps) {
  const rows = flat(details).slice(0, maxDetails);
  if (rows.length === 0) return null;
  return h(
    'details',
    null,
    h('summary', null, 'Figures'),
    h(
      'dl',
      null,
      ...rows.map(([key, value]) => {
        const [name, shown] = figure(key, value, now);
        return h('div', null, h('dt', null, name), h('dd', null, shown));
      }),
    ),
  );
}

/** Names of figures with their values; what is counted since the start as well is left out where it is the same. */
function flat(details: Readonly<Record<string, unknown>>, above = ''): [string, unknown][] {
  return Object.entries(details).flatMap(([key, value]): [string, unknown][] => {
    const name = above === '' ? key : `${above}, ${key}`;
    if (typeof value !== 'object' || value === null) return [[name, value]];
    const inner = Object.entries(value).filter(([part, count]) => details[part] !== count);
    return flat(Object.fromEntries(inner), name);
  });
}

const isTime = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;

/** A figure with its unit, which its key ends with: `latencyMs`, `oldestSeconds`. */
function figure(
  key: string,
  value: unknown,
  now: number,
): [name: string, value: ComponentChildren] {
  const name = (unit: string) => capital(wordsOf(key.slice(0, key.length - unit.length)));
  if (value === null || value === undefined) return [name(unitOfTime(key)), 'none'];
  if (typeof value === 'string' && isTime.test(value))
    return [name(unitOfTime(key)), h(At, { at: value, now })];
  if (typeof value === 'number') {
    if (key.endsWith('Ms')) return [name('Ms'), `${plain(value)} ms`];
    if (key.endsWith('Seconds')) return [name('Seconds'), inWords(value * 1_000)];
    if (key.endsWith('Dollars')) return [name('Dollars'), usd(value)];
  }
  return [name(''), plain(value)];
}

function unitOfTime(key: string): string {
  return key.endsWith('At') ? 'At' : '';
}

/** `refusedWrites` as words. */
function wordsOf(key: string): string {
  return key.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function plain(value: unknown): string {
  const text = typeof value === 'number' ? value.toLocaleString('en-US') : String(value);
  return text.length > maxDetail ? `${text.slice(0, maxDetail - 1)}…` : text;
}
