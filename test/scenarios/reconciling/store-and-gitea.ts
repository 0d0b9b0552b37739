import { z } from 'zod';

import { withoutOwnLabels } from '../../../src/issue/own-marks.ts';
import { giteaBot, type FakeGitea } from '../../fake-gitea/gitea.ts';
import { statementIn } from '../../support/database.ts';

const rowSchema = z.object({
  repository_id: z.number(),
  number: z.number(),
  full_name: z.string(),
  title: z.string(),
  body: z.string().nullable(),
  open: z.number(),
  deleted: z.number(),
  assigned: z.number(),
  labels: z.string().transform((json) => z.array(z.string()).parse(JSON.parse(json))),
});

async function readStored(directory: string) {
  const rows = await statementIn(
    directory,
    `select issues.repository_id, issues.number, full_name, title, body, open, deleted, assigned, labels
     from issues left join repositories on repositories.id = issues.repository_id
     left join issue_texts using (repository_id, number)`,
  );
  return z.array(rowSchema).parse(rows);
}

/**
 * What is stored and what the fake Gitea has, of the issues that matter: the bot's open ones, and all that
 * are stored. What the bot cannot read is left out.
 */
export async function compareStoreWithGitea(directory: string, gitea: FakeGitea) {
  const rows = new Map(
    (await readStored(directory)).map((row) => [`${row.repository_id}#${row.number}`, row]),
  );
  const stored: Record<string, unknown> = {};
  const onGitea: Record<string, unknown> = {};
  const hidden = (id: number) => gitea.repositories.get(id)?.hidden === true;
  for (const [id, { name, issues }] of gitea.repositories) {
    if (hidden(id)) continue;
    for (const [number, { title, body, open = true, assignees = [] }] of issues) {
      const assigned = assignees.some((login) => login.toLowerCase() === giteaBot);
      if (!rows.has(`${id}#${number}`) && !(open && assigned)) continue;
      const text = assigned
        ? {
            body,
            labels: withoutOwnLabels(gitea.labelsOf(`${name}#${number}`))
              .toSorted()
              .join(),
          }
        : {};
      onGitea[`${name}#${number}`] = { title, open, assigned, ...text };
    }
  }
  for (const row of rows.values()) {
    if (hidden(row.repository_id) || row.deleted === 1) continue;
    const { title, body } = row;
    const text = row.assigned === 1 ? { body, labels: row.labels.toSorted().join() } : {};
    stored[`${row.full_name}#${row.number}`] = {
      title,
      open: row.open === 1,
      assigned: row.assigned === 1,
      ...text,
    };
  }
  return { stored, onGitea };
}
