import { html as names, parse, type DefaultTreeAdapterTypes } from 'parse5';

type Node = DefaultTreeAdapterTypes.ChildNode;
type Element = DefaultTreeAdapterTypes.Element;

/** Every element that a page writes; what is not here came from somebody's text. */
const written = new Set([
  ...[
    'html',
    'head',
    'meta',
    'title',
    'link',
    'script',
    'body',
    'header',
    'nav',
    'main',
    'section',
  ],
  ...['article', 'div', 'span', 'p', 'h1', 'h2', 'h3', 'ul', 'ol', 'li', 'dl', 'dt', 'dd', 'pre'],
  ...[
    'a',
    'b',
    'br',
    'wbr',
    'code',
    'em',
    'mark',
    'q',
    'small',
    'strong',
    'time',
    'details',
    'summary',
  ],
  ...['form', 'label', 'input', 'select', 'option', 'button', 'table', 'caption', 'thead', 'tbody'],
  ...[
    'tfoot',
    'tr',
    'th',
    'td',
    'svg',
    'g',
    'path',
    'polygon',
    'ellipse',
    'text',
    'rect',
    'circle',
  ],
  ...['line', 'polyline'],
]);
/** Attributes whose value is an address. */
const addresses = ['href', 'xlink:href', 'src', 'action', 'formaction', 'data', 'poster', 'ping'];
/** Attributes that no page has. */
const neverWritten = ['style', 'srcdoc', 'srcset', 'formaction', 'ping', 'target', 'is'];

/**
 * What a browser would find in a page that the page cannot have written itself, one sentence each: elements and
 * attributes out of a text, scripts but the one, addresses of other hosts, characters that turn the line around.
 * `ownUrl`: the address of Gitea, the one foreign place that pages lead to.
 */
export function foreignIn(page: string, ownUrl: string): string[] {
  const found: string[] = [];
  const document = parse(page, {
    sourceCodeLocationInfo: false,
    onParseError: ({ code, startLine, startCol }) => {
      found.push(`not well-formed: ${code} at ${startLine}:${startCol}`);
    },
  });
  const elements = document.childNodes.flatMap((node) => elementsIn(node));
  const scripts = elements.filter(({ tagName }) => tagName === 'script');
  if (scripts.length > 1) found.push(`${scripts.length} scripts`);
  for (const element of elements) found.push(...foreignOf(element, ownUrl));
  for (const [character] of page.matchAll(turning))
    found.push(`invisible U+${character.codePointAt(0)?.toString(16)}`);
  return found;
}

/** Control characters, and those that turn the direction of what follows. */
const turning = /(?![\n\r\t])[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu;

function elementsIn(node: Node): Element[] {
  if (!('tagName' in node)) return [];
  return [node, ...node.childNodes.flatMap((child) => elementsIn(child))];
}

function foreignOf(
  { tagName, attrs, childNodes, namespaceURI }: Element,
  ownUrl: string,
): string[] {
  const found: string[] = [];
  if (!written.has(tagName)) found.push(`<${tagName}>`);
  if (namespaceURI === names.NS.MATHML) found.push('MathML');
  if (tagName === 'script') {
    const source = attrs.find(({ name }) => name === 'src')?.value ?? '';
    if (!source.startsWith('/assets/live.js?v=') || childNodes.length > 0)
      found.push(`a script from "${source}"`);
  }
  for (const { name, prefix, value } of attrs) {
    const full = prefix === undefined || prefix === '' ? name : `${prefix}:${name}`;
    if (!/^[a-z][a-zA-Z:-]*\d?$/.test(full)) found.push(`the attribute ${full}`);
    if (/^on/i.test(name) || neverWritten.includes(name)) found.push(`<${tagName} ${full}>`);
    if (addresses.includes(full) && !isOwn(value, ownUrl)) found.push(`${full}="${value}"`);
    if (name === 'http-equiv') found.push(`<meta http-equiv="${value}">`);
  }
  return found;
}

/** A path of the service, a place in the page, or a page of Gitea. */
function isOwn(address: string, ownUrl: string): boolean {
  if (address.startsWith('#')) return true;
  if (/^\/(?![/\\])/.test(address)) return true;
  return address === ownUrl || address.startsWith(`${ownUrl}/`);
}
