import { apiToken } from './service.ts';

/** The metrics of a service, as a scrape gets them; with the token of the tests by default, null: without one. */
export function scrape({ url }: { readonly url: string }, token: string | null = apiToken) {
  const headers = token === null ? undefined : { authorization: `Bearer ${token}` };
  return fetch(`${url}/metrics`, headers === undefined ? {} : { headers });
}

/** Values by their name with labels, as the text has them. */
export function valuesOf(text: string): ReadonlyMap<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const end = line.lastIndexOf(' ');
      return [line.slice(0, end), Number(line.slice(end + 1))] as const;
    }),
  );
}

/** What a scrape says now. */
export async function scraped(service: { readonly url: string }) {
  return valuesOf(await (await scrape(service)).text());
}
