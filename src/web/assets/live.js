/*
 * Keeps a page up to date: asks for it again when the service says that something has changed, and puts its parts in
 * place, those marked `data-live`. Without this file the page shows what was when it was loaded.
 */

/** The page is asked for again after this time, whatever the stream of events says. */
const pollMs = 30_000;

/** After this time while the service does not answer. */
const retryMs = 3_000;
/** Longest wait for a whole answer, also by a slow line: a network that swallows packets never tells. */
const timeoutMs = 60_000;

let isAsking = false;
let isStale = false;
/** A part stays as it was, because somebody is in it. */
let isHeld = false;
/** Of what is shown: an answer that would be the same is not sent. */
let { etag } = document.documentElement.dataset;
let turn;

async function refresh() {
  if (document.hidden || isAsking) {
    isStale = true;
    return;
  }
  isAsking = true;
  isStale = false;
  clearTimeout(turn);
  const isUp = await askAgain();
  isAsking = false;
  document.getElementById('behind').hidden = isUp;
  turn = setTimeout(goOn, isUp ? pollMs : retryMs);
  if (isStale && isUp) void refresh();
}

/** Asks for the page, and shows what has changed; true when the service answers. */
async function askAgain() {
  const gone = new AbortController();
  const timeout = setTimeout(() => gone.abort(), timeoutMs);
  try {
    const known = etag === undefined ? {} : { 'if-none-match': etag };
    const headers = { accept: 'text/html', ...known };
    const answer = await fetch(location.href, { headers, signal: gone.signal });
    const isRefused = answer.status >= 400 && answer.status < 500;
    // Signed out, or no longer for who is signed in: the page that says so.
    if (answer.redirected || isRefused) location.reload();
    else if (answer.ok) {
      const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
      isHeld = !replaceParts(fresh);
      // Not from the header: a proxy that compresses changes that one.
      etag = isHeld ? undefined : fresh.documentElement.dataset.etag;
    }
    return answer.status < 500;
  } catch {
    return false;
  } finally {
    clearTimeout(timeout);
  }
}

/** Somebody types in it, or was asked something and has not answered. */
function isInUse(part) {
  const isTyping = part.querySelector('input:focus, select:focus, textarea:focus') !== null;
  return isTyping || part.querySelector('details[open]') !== null;
}

/** Says of a part that it stands still; see the stylesheet. */
function markStill() {
  for (const part of document.querySelectorAll('[data-live]'))
    part.toggleAttribute('data-still', part.querySelector('details[open]') !== null);
}

/** Whoever has the focus in it keeps it: on the same link, or on the whole part when that is gone. */
function replacePart(part, other) {
  const { activeElement } = document;
  const next = part.contains(activeElement) ? (sameIn(other, activeElement) ?? other) : undefined;
  const places = [...part.querySelectorAll('.scroll')].map((box) => [
    box.scrollLeft,
    box.scrollTop,
  ]);
  part.replaceWith(other);
  // Boxes that scroll stay where they were.
  for (const [index, box] of [...other.querySelectorAll('.scroll')].entries())
    box.scrollTo(...(places[index] ?? [0, 0]));
  if (next === other) other.tabIndex = -1;
  next?.focus({ preventScroll: true });
}

/** The same link, button or box of another rendering. */
function sameIn(part, element) {
  const name = nameOf(element);
  return [...part.querySelectorAll(element.localName)].find((each) => nameOf(each) === name);
}

/** A question is named by all it asks, everything else by its attributes. */
function nameOf(element) {
  const named = element.localName === 'summary' ? element.parentElement : element.cloneNode();
  return named.outerHTML;
}

function idsOf(page) {
  return [...page.querySelectorAll('[data-live]')].map(({ id }) => id).join();
}

/** True when all of it is shown now. */
function replaceParts(fresh) {
  const isOther = idsOf(fresh) !== idsOf(document);
  if (isOther && isInUse(document.body)) return false;
  // Another page, such as one that is no longer empty.
  if (isOther) location.reload();
  let isWhole = true;
  for (const part of document.querySelectorAll('[data-live]')) {
    const other = fresh.getElementById(part.id);
    if (other === null || other.outerHTML === part.outerHTML) continue;
    if (isInUse(part)) isWhole = false;
    else replacePart(part, document.adoptNode(other));
  }
  return isWhole;
}

/** What was held is shown as soon as nobody is in it. */
function letGo() {
  if (isHeld) void refresh();
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
    // What changed while nobody listened.
    source.addEventListener('open', () => void refresh());
    // The service is away, or the session is over.
    source.addEventListener('error', () => void refresh());
  }
}

/** Also with a stream: the word of another replica may get lost. */
function goOn() {
  listen();
  void refresh();
}

listen();
turn = setTimeout(goOn, pollMs);
document.addEventListener('visibilitychange', () => {
  listen();
  if (!document.hidden) void refresh();
});
// A browser may show a page again as it was left, that of a session which is over, too.
addEventListener('pageshow', ({ persisted }) => {
  if (persisted) void refresh();
});
document.addEventListener('focusout', letGo);
// The event of a `details` does not rise.
document.addEventListener('toggle', letGo, true);
document.addEventListener('toggle', markStill, true);
document.addEventListener('keydown', ({ key, target }) => {
  const question = key === 'Escape' ? target.closest('details.action[open]') : null;
  if (question === null) return;
  question.open = false;
  question.querySelector('summary').focus();
});
