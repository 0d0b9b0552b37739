import { parseCookie, stringifySetCookie } from 'cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';

/** Sentences that an action leaves for the page it leads to, by a word. */
const notices: ReadonlyMap<string, string> = new Map([
  ['paused', 'Nothing more is handed out. What is claimed goes on.'],
  ['agent-paused', 'The agent gets no more issues. What it has claimed goes on.'],
  ['resumed', 'Issues are handed out again.'],
  ['replayed', 'The delivery is handled once more.'],
  ['verifying', 'The last commit is verified once more.'],
  ['gave-back', 'The claim was ended. The issue can be claimed again.'],
  ['unparked', 'The issue is given to agents again.'],
]);

/** A browser follows a redirect at once. */
const keptSeconds = 60;
const cookieName = 'mosaic-done';

/** Leaves a sentence for the next page: a cookie with its word, which no link can bring. */
export function leaveNotice(reply: FastifyReply, done: string): void {
  setCookie(reply, done);
}

/** The sentence that an action left for this page, once: an address alone, or the same one again, has none. */
export function takeNotice(request: FastifyRequest, reply: FastifyReply): string | undefined {
  const { data } = z.object({ done: z.string() }).safeParse(request.query);
  if (data === undefined) return undefined;
  const left = parseCookie(request.headers.cookie ?? '')[cookieName];
  if (left === undefined || left !== data.done) return undefined;
  setCookie(reply, '');
  return notices.get(left);
}

function setCookie(reply: FastifyReply, value: string): void {
  const cookie = stringifySetCookie({
    ...{ name: cookieName, value, path: '/', httpOnly: true, sameSite: 'strict' },
    secure: reply.request.protocol === 'https',
    maxAge: value === '' ? 0 : keptSeconds,
  });
  void reply.header('set-cookie', cookie);
}
