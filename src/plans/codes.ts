import { isDeepStrictEqual } from 'node:util';

import type { Transaction } from 'kysely';

import { type KnownCodes, codesIn, codesOfTitle, numbersIn } from '../issue/codes.ts';
import type { IssueKey } from '../issue/ref.ts';
import type { IssueUpdate } from './issue-update.ts';
import type { Database } from '../db/database.ts';
import type { Schema } from '../db/schema.ts';

/** What is looked up for one text, and looked at again for one title. */
const lookupLimit = 500;

/** An issue's text and where it belongs. */
interface Text extends IssueKey {
  readonly title: string;
  readonly body: string;
}

/** Which issues of the repository carry the codes of a text; undefined for a text without codes. */
export async function findCodes(
  db: Database,
  { repositoryId, number: own, title, body }: Text,
): Promise<KnownCodes | undefined> {
  const codes = namedCodes({ title, body });
  if (codes.length === 0) return undefined;
  const carriers = await db
    .selectFrom('issue_codes')
    .select(['code', 'number'])
    .where('repository_id', '=', repositoryId)
    .where('code', 'in', codes)
    .where('number', '!=', own)
    .limit(lookupLimit)
    .execute();
  // Of the issue itself this title counts, whichever is stored.
  carriers.push(...codesOfTitle(title, lookupLimit).map((code) => ({ code, number: own })));
  const stored = await db
    .selectFrom('issues')
    .select('number')
    .where('repository_id', '=', repositoryId)
    .where('number', 'in', numbersIn(`${title}\n${body}`, lookupLimit))
    .where('deleted', '=', 0)
    .execute();
  return {
    carriers: new Map(
      [...Map.groupBy(carriers, ({ code }) => code)].map(([code, rows]) => [
        code,
        rows.map(({ number }) => number).sort((a, b) => a - b),
      ]),
    ),
    titled: new Set([own, ...stored.map(({ number }) => number)]),
  };
}

/** A title is labelled with its own codes; they name nobody else. */
function namedCodes({ title, body }: Pick<Text, 'title' | 'body'>): string[] {
  const labels = new Set(codesOfTitle(title, lookupLimit));
  const inTitle = codesIn(title, lookupLimit).filter((code) => !labels.has(code));
  return [...new Set([...inTitle, ...codesIn(body, lookupLimit)])].slice(0, lookupLimit);
}

/**
 * Remembers the codes of an issue's title, and those its text names while it is planned. To be called
 * before the issue itself is stored. Returns the issues that may read differently now: those that name one
 * of its codes, and the issue itself when its codes came to name others while it was read.
 */
export async function storeCodes(
  transaction: Transaction<Schema>,
  update: IssueUpdate,
): Promise<IssueKey[]> {
  const others = await storeOwnCodes(transaction, update);
  const { facts, plan, codes } = update;
  if (plan === undefined) return others;
  const present = await findCodes(transaction, facts);
  return isDeepStrictEqual(present, codes) ? others : [...others, facts];
}

async function storeOwnCodes(
  transaction: Transaction<Schema>,
  { facts, plan }: IssueUpdate,
): Promise<IssueKey[]> {
  const { repositoryId, number, title, deleted } = facts;
  const { before, mentioned } = await findTitle(transaction, facts);
  const named = plan === undefined ? [] : namedCodes(facts);
  await replaceCodes(transaction, 'code_mentions', facts, { before: mentioned, after: named });
  if (before?.title === title && before.deleted === (deleted ? 1 : 0)) return [];
  const carried = deleted ? [] : codesOfTitle(title, lookupLimit);
  const borne = before === undefined ? [] : await codesBorne(transaction, facts);
  const changed = await replaceCodes(transaction, 'issue_codes', facts, {
    before: borne,
    after: carried,
  });
  const mentioning = await mentioningCodes(transaction, repositoryId, changed);
  const pointing = await pointingAt(transaction, facts);
  const numbers = new Set([...mentioning, ...pointing]);
  numbers.delete(number);
  return [...numbers].map((other) => ({ repositoryId, number: other }));
}

/** The title as stored, undefined for a new issue, and the codes that its text names so far. */
async function findTitle(transaction: Transaction<Schema>, { repositoryId, number }: IssueKey) {
  const rows = await transaction
    .selectFrom('issues')
    .leftJoin('code_mentions', (join) =>
      join
        .onRef('code_mentions.repository_id', '=', 'issues.repository_id')
        .onRef('code_mentions.number', '=', 'issues.number'),
    )
    .select(['title', 'deleted', 'code'])
    .where('issues.repository_id', '=', repositoryId)
    .where('issues.number', '=', number)
    .execute();
  return { before: rows[0], mentioned: rows.flatMap(({ code }) => code ?? []) };
}

async function codesBorne(
  transaction: Transaction<Schema>,
  { repositoryId, number }: IssueKey,
): Promise<string[]> {
  const rows = await transaction
    .selectFrom('issue_codes')
    .select('code')
    .where('repository_id', '=', repositoryId)
    .where('number', '=', number)
    .execute();
  return rows.map(({ code }) => code);
}

interface Replaced {
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/** Returns the codes that came or went. */
async function replaceCodes(
  transaction: Transaction<Schema>,
  table: 'issue_codes' | 'code_mentions',
  { repositoryId: repository_id, number }: IssueKey,
  { before, after }: Replaced,
): Promise<string[]> {
  const came = after.filter((code) => !before.includes(code));
  const gone = before.filter((code) => !after.includes(code));
  if (gone.length > 0)
    await transaction
      .deleteFrom(table)
      .where('repository_id', '=', repository_id)
      .where('number', '=', number)
      .where('code', 'in', gone)
      .execute();
  if (came.length > 0)
    await transaction
      .insertInto(table)
      .values(came.map((code) => ({ repository_id, code, number })))
      .execute();
  return [...came, ...gone];
}

async function mentioningCodes(
  transaction: Transaction<Schema>,
  repositoryId: number,
  codes: readonly string[],
): Promise<number[]> {
  if (codes.length === 0) return [];
  const rows = await transaction
    .selectFrom('code_mentions')
    .select('number')
    .distinct()
    .where('repository_id', '=', repositoryId)
    .where('code', 'in', codes)
    .limit(lookupLimit)
    .execute();
  return rows.map(({ number }) => number);
}

/** Texts with codes that declare an edge to the issue: the code beside its number may not be its own. */
async function pointingAt(
  transaction: Transaction<Schema>,
  { repositoryId, number }: IssueKey,
): Promise<number[]> {
  const at = (end: 'blocked' | 'blocker') =>
    transaction
      .selectFrom('edges')
      .innerJoin('code_mentions', (join) =>
        join
          .onRef('code_mentions.repository_id', '=', 'edges.declared_repository_id')
          .onRef('code_mentions.number', '=', 'edges.declared_number'),
      )
      .select('edges.declared_number as number')
      .where(`edges.${end}_repository_id`, '=', repositoryId)
      .where(`edges.${end}_number`, '=', number)
      .where('edges.declared_repository_id', '=', repositoryId);
  const rows = await at('blocked')
    .union(at('blocker'))
    .limit(2 * lookupLimit)
    .execute();
  return rows.map((row) => row.number);
}
