import type { Route } from './document.ts';

/** A call of a route as one can paste it into a shell, with what to fill in as `<name>`. */
export function curlOf(origin: string, route: Route): string {
  const { method, path, parameters, requestBody, security } = route;
  const needed = parameters.filter(({ required }) => required);
  const query = needed.filter((one) => one.in === 'query').map(({ name }) => `${name}=<${name}>`);
  const target = path.replaceAll(/\{(\w+)\}/g, '<$1>');
  const url = `${origin}${target}${query.length === 0 ? '' : `?${query.join('&')}`}`;
  const isOpen = security?.every((scheme) => Object.keys(scheme).length === 0) === true;
  const [type, media] = Object.entries(requestBody?.content ?? {})[0] ?? [];
  const example = media?.example ?? Object.values(media?.examples ?? {})[0]?.value;
  const headers = [
    ...(isOpen ? [] : ['Authorization: Bearer <token>']),
    ...needed.filter((one) => one.in === 'header').map(({ name }) => `${name}: <${name}>`),
    ...(type === undefined ? [] : [`Content-Type: ${type}`]),
  ];
  const body =
    type === undefined
      ? []
      : [example === undefined ? '--data-binary @<file>' : `-d ${quoted(JSON.stringify(example))}`];
  const isRead = method === 'GET' || body.length > 0;
  const first = ['curl -sS', ...(isRead ? [] : [`-X ${method}`]), quoted(url)].join(' ');
  return [first, ...headers.map((header) => `-H ${quoted(header)}`), ...body].join(' \\\n  ');
}

/** One word of a shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
