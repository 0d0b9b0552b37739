import type { ExpressionBuilder, Transaction } from 'kysely';

import type { Schema } from '../db/schema.ts';
import type { IssueUpdate } from './issue-update.ts';

/** Stores the text while the issue is the bot's. */
export async function storeText(
  transaction: Transaction<Schema>,
  update: IssueUpdate,
): Promise<void> {
  const { repositoryId: repository_id, number, body } = update.facts;
  if (storesText(update)) {
    await transaction
      .insertInto('issue_texts')
      .values({ repository_id, number, body })
      .onConflict((conflict) =>
        conflict
          .columns(['repository_id', 'number'])
          .doUpdateSet({ body })
          .where('issue_texts.body', '!=', body),
      )
      .execute();
    return;
  }
  await transaction
    .deleteFrom('issue_texts')
    .where('repository_id', '=', repository_id)
    .where('number', '=', number)
    .execute();
}

export function storesText({ facts, assigned }: IssueUpdate): boolean {
  return assigned && facts.textMissing !== true;
}

/** 1: the text is stored; 0: another one is; null: none is. Without reading it: it may be long. */
export function isTextStored(eb: ExpressionBuilder<Schema, 'issues'>, body: string) {
  return eb
    .selectFrom('issue_texts')
    .select(({ eb: of }) =>
      of
        .case()
        .when('issue_texts.body', '=', body)
        .then(of.lit(1))
        .else(of.lit(0))
        .end()
        .as('same'),
    )
    .whereRef('issue_texts.repository_id', '=', 'issues.repository_id')
    .whereRef('issue_texts.number', '=', 'issues.number');
}
