export interface BotOptions {
  /** GITEA_BOT_USERNAME. */
  readonly configured: string | undefined;
  /** Asks Gitea whose the token is; undefined without a token. */
  readonly ask: (() => Promise<string | undefined>) | undefined;
}

export type Bot = ReturnType<typeof createBot>;

/**
 * The login whose issues are planned: the configured one, else that of the token's user, asked for until
 * Gitea tells it. Undefined with neither. Accounts get renamed, of which nothing tells: whoever asks anew
 * whose the token is lets it learn the answer.
 */
export function createBot({ configured, ask }: BotOptions) {
  let known = configured;
  let asking: Promise<string | undefined> | undefined;

  /** Throws what `ask` throws; those who want to know at the same time share one question. */
  async function find(): Promise<string | undefined> {
    if (known !== undefined || ask === undefined) return known;
    asking ??= ask().finally(() => {
      asking = undefined;
    });
    known = await asking;
    return known;
  }

  /** Whether the bot has been renamed. */
  function learn(tokenUser: string): boolean {
    const isOther = configured === undefined && known !== undefined && known !== tokenUser;
    known = configured ?? tokenUser;
    return isOther;
  }

  return { find, learn, known: () => known };
}
