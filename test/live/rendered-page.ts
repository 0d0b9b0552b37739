import { ownLabels } from './support/expect-shown.ts';
import { bot, type World } from './support/world.ts';

/** An issue's comment of the bot as Gitea's own renderer makes HTML of it, in a page with a plain style. */
export async function renderedPage(world: World, number: number): Promise<string> {
  const comments = await world.maria.comments(number);
  const [comment] = comments.filter(({ user }) => user.login === bot);
  const reply = await fetch(`${world.gitea.url}/api/v1/markdown`, {
    method: 'POST',
    headers: {
      authorization: `token ${world.gitea.tokens.maria}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ Text: comment?.body, Mode: 'comment', Context: world.repository() }),
  });
  if (!reply.ok) throw new Error(`Gitea does not render: ${reply.status}`);
  const labels = ownLabels(await world.maria.look(number));
  return `<!doctype html><meta charset="utf-8"><style>${style}</style>
<p>${labels.map((label) => `<span class="label">${label}</span>`).join(' ')}</p>
<article><h4>${bot}</h4>${await reply.text()}</article>`;
}

const style = `
body { font: 14px/1.5 sans-serif; margin: 2em; max-width: 60em; color: #222 }
article { border: 1px solid #ccc; border-radius: 4px; padding: 0 1em 1em }
details { margin: 1em 0 } h4 { background: #f4f4f4; margin: 0 -1em 1em; padding: .5em 1em }
table { border-collapse: collapse } td, th { border: 1px solid #ccc; padding: .3em .8em }
code { background: #eee; border-radius: 3px; padding: .1em .3em }
.label { background: #ddd; border-radius: 3px; padding: .2em .6em }`;
