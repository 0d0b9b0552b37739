/*
 * Keeps a page up to date: asks for it again when the service says that something has changed, and puts its parts in
 * place, those marked `data-live`. Without this file the page shows what was when it was loaded.
 */

/** The page is asked for again after this time, whatever the stream of events says. */
const pollMs = 30_000;

let isAsking = false;
let isStale = false;
/** Of what is shown: an answer that would be the same is not sent. */
let etag;

async function refresh() {
  if (document.hidden || isAsking) {
    isStale = true;
    return;
  }
  isAsking = true;
  isStale = false;
  try {
    const known = etag === undefined ? {} : { 'if-none-match': etag };
    const answer = await fetch(location.href, { headers: { accept: 'text/html', ...known } });
    // Signed out: the page for signing in.
    if (answer.redirected) location.reload();
    else if (answer.ok) {
      const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
      const isWhole = replaceParts(fresh);
      etag = isWhole ? (answer.headers.get('etag') ?? undefined) : undefined;
    }
  } catch {
    // The service restarts, or the network is away: the next event or the next turn asks again.
  } finally {
    isAsking = false;
  }
  if (isStale && !document.hidden) void refresh();
}

/** A part in which somebody types, or has opened something, stays as it is. */
function isInUse(part) {
  return part.contains(document.activeElement) || part.querySelector('details[open]') !== null;
}

/** Boxes that scroll stay where they were. */
function replacePart(part, other) {
  const places = [...part.querySelectorAll('.scroll')].map((box) => [
    box.scrollLeft,
    box.scrollTop,
  ]);
  part.replaceWith(other);
  for (const [index, box] of [...other.querySelectorAll('.scroll')].entries())
    box.scrollTo(...(places[index] ?? [0, 0]));
}

function idsOf(page) {
  return [...page.querySelectorAll('[data-live]')].map(({ id }) => id).join();
}

/** True when all of it is shown now. */
function replaceParts(fresh) {
  // Another page, such as one that is no longer empty.
  if (idsOf(fresh) !== idsOf(document)) location.reload();
  let isWhole = true;
  for (const part of document.querySelectorAll('[data-live]')) {
    const other = fresh.getElementById(part.id);
    if (other === null || other.outerHTML === part.outerHTML) continue;
    if (isInUse(part)) isWhole = false;
    else replacePart(part, document.adoptNode(other));
  }
  return isWhole;
}

/** One stream while the page is looked at: a browser has few connections to a host. */
let source;

function listen() {
  if (document.hidden) {
    source?.close();
    source = undefined;
  } else if (source === undefined || source.readyState === EventSource.CLOSED) {
    source = new EventSource('/events');
    source.addEventListener('message', () => void refresh());
  }
}

listen();
// Also with a stream: what another replica has changed may come without a word.
setInterval(() => {
  listen();
  void refresh();
}, pollMs);
document.addEventListener('visibilitychange', () => {
  listen();
  if (!document.hidden) void refresh();
});
