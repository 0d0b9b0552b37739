import { expect } from 'vitest';

import { apiToken, type Service } from './service.ts';

/** What a browser sends with a form or a link of a page of the service. */
export const sameOrigin = { 'sec-fetch-site': 'same-origin' };

/** Follows no redirects, so that a test sees them. */
export function visit(service: Service, path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`${service.url}${path}`, { redirect: 'manual', ...init });
}

/** Sends a form as a page of the service does. */
export function submit(
  service: Service,
  path: string,
  fields: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const body = new URLSearchParams(fields);
  return visit(service, path, { method: 'POST', body, headers: { ...sameOrigin, ...headers } });
}

/** The cookies that a browser has after an answer which sets one more. */
export function cookiesAfter(reply: Response, cookie: string): string {
  const set = reply.headers.getSetCookie().map((each) => each.split(';', 1)[0] ?? '');
  return [cookie, ...set].join('; ');
}

/** Signs in with a token, and returns the cookie. */
export async function signIn(service: Service, token = apiToken): Promise<string> {
  const reply = await submit(service, '/sign-in', { token, to: '/' });
  expect(reply.status).toBe(303);
  return reply.headers.get('set-cookie')?.split(';', 1)[0] ?? '';
}
