export interface BotOptions {
  /** GITEA_BOT_USERNAME. */
  readonly configured: string | undefined;
  /** Asks Gitea for the user of the token; undefined without a token. */
  readonly ask: (() => Promise<string | undefined>) | undefined;
}

export type Bot = ReturnType<typeof createBot>;

/**
 * Finds the login whose issues are planned: the configured one, else the token's user, asked for until Gitea
 * answers. Undefined with neither. No event reports that an account was renamed: whoever asks Gitea for the
 * token's user passes the answer to `learn`.
 */
export function createBot({ configured, ask }: BotOptions) {
  let known = configured;
  let asking: Promise<string | undefined> | undefined;

  /** Throws what `ask` throws; concurrent callers share one request. */
  async function find(): Promise<string | undefined> {
    if (known !== undefined || ask === undefined) return known;
    asking ??= ask().finally(() => {
      asking = undefined;
    });
    known = await asking;
    return known;
  }

  /** True when the bot was renamed. */
  function learn(tokenUser: string): boolean {
    const isOther = configured === undefined && known !== undefined && known !== tokenUser;
    known = configured ?? tokenUser;
    return isOther;
  }

  return { find, learn, known: () => known };
}
