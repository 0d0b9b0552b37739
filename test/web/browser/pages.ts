import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What stands for the parts of an address: things that the world to be looked at has. */
export interface Examples {
  /** `acme/orbit#1`. */
  readonly issue: string;
  readonly verification?: string | undefined;
  readonly delivery?: string | undefined;
}

/** Answers that are no page for people. */
const noPages = /^\/(?:assets\/|events$|openapi\.json$|metrics$|docs\/)/;

/**
 * The path of every page, by the table in docs/pages.md, which a test compares with the routes. A page about something
 * of which there is no example is left out.
 */
export function pagePaths(examples: Examples): string[] {
  const file = fileURLToPath(new URL('../../../docs/pages.md', import.meta.url));
  const rows = readFileSync(file, 'utf8').matchAll(/^\| `GET (\/[^`]*)`/gm);
  return [...rows].flatMap(([, path = '']) => {
    const filled = fill(path.replaceAll(/\{(\w+)\}/g, ':$1'), examples);
    return filled === undefined || noPages.test(filled) ? [] : [filled];
  });
}

function fill(path: string, { issue, verification, delivery }: Examples): string | undefined {
  const [repository = '', number = ''] = issue.split('#');
  const [owner = '', repo = ''] = repository.split('/');
  const id = path.startsWith('/verifications') ? verification : delivery;
  const values: Record<string, string | undefined> = { owner, repo, number, id };
  const names = [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => name);
  if (names.some((name) => values[name] === undefined)) return undefined;
  return path.replaceAll(/:(\w+)/g, (_, name: string) => encodeURIComponent(values[name] ?? ''));
}
