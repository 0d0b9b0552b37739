/** Who calls: with a token, or with a header of their own. */
export type Caller =
  | { readonly url: string; readonly token: string }
  | { readonly url: string; readonly authorization: string };

/** A call of the REST API by somebody; anything but a 2xx is an error that tells what was answered. */
export async function callGitea(
  caller: Caller,
  method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE',
  path: string,
  body?: unknown,
): Promise<unknown> {
  const reply = await fetch(`${caller.url}/api/v1${path}`, {
    method,
    headers: {
      authorization: 'token' in caller ? `token ${caller.token}` : caller.authorization,
      'content-type': 'application/json',
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    redirect: 'manual',
    signal: AbortSignal.timeout(15_000),
  });
  const text = await reply.text();
  if (!reply.ok) throw new Error(`${method} ${path}: ${reply.status} ${text.slice(0, 300)}`);
  return text === '' ? undefined : JSON.parse(text);
}
