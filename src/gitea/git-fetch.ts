import { Agent, request, type Dispatcher } from 'undici';

import { TryAgainLater } from '../errors.ts';
import { repositoryPath } from './address.ts';
import type { GiteaOptions } from './transport.ts';

/** One of the two requests by which git fetches over HTTP (gitprotocol-http). */
export interface GitRequest {
  readonly repository: string;
  readonly step: 'refs' | 'pack';
  /** Headers of git that Gitea needs: `Git-Protocol`, `Content-Type`, `Content-Encoding`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | null;
}

/** Gitea's answer as it comes; the body must be read or destroyed. */
export type GitReply = Pick<Dispatcher.ResponseData, 'statusCode' | 'headers' | 'body'>;

/** Packing a large repository takes Gitea a while before the first byte. */
const headersTimeoutMs = 120_000;
const bodyTimeoutMs = 60_000;

/** Reads repositories by git's own protocol with the bot's token, so that whoever fetches through it needs none. */
export function createGitFetch({ baseUrl, token }: Pick<GiteaOptions, 'baseUrl' | 'token'>) {
  const pool = new Agent({
    connections: 4,
    headersTimeout: headersTimeoutMs,
    bodyTimeout: bodyTimeoutMs,
  });
  // Gitea takes a token as the name of a user with this password.
  const login = Buffer.from(`${token ?? ''}:x-oauth-basic`).toString('base64');

  /** Only fetches: no request that writes is ever made. Throws `TryAgainLater` when Gitea does not answer. */
  async function gitFetch(
    { repository, step, headers, body }: GitRequest,
    signal: AbortSignal,
  ): Promise<GitReply | undefined> {
    const path = repositoryPath(repository)?.slice('repos/'.length);
    if (path === undefined) return undefined;
    const place = step === 'refs' ? 'info/refs?service=git-upload-pack' : 'git-upload-pack';
    try {
      return await request(`${baseUrl}/${path}.git/${place}`, {
        method: step === 'refs' ? 'GET' : 'POST',
        headers: {
          ...headers,
          ...(token === undefined ? {} : { authorization: `Basic ${login}` }),
        },
        body,
        dispatcher: pool,
        signal,
      });
    } catch (error) {
      signal.throwIfAborted();
      throw new TryAgainLater('gitea_unreachable', 'Gitea cannot be reached.', { cause: error });
    }
  }

  return { gitFetch, closeGit: () => pool.destroy() };
}
