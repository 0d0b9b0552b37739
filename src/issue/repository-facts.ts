import { z } from 'zod';

/** `limited`: only people who are signed in, or belong to the owner, may see it. */
export const visibilities = ['public', 'limited', 'private'] as const;
export type Visibility = (typeof visibilities)[number];

/** What a delivery or an answer of Gitea says of a repository, beside its name. */
export const repositoryFactsSchema = z.object({
  archived: z.boolean(),
  /** Null: not said. */
  visibility: z.enum(visibilities).nullable(),
});
export type RepositoryFacts = Readonly<z.infer<typeof repositoryFactsSchema>>;

/** The keys of a repository in Gitea's payloads and answers from which its facts follow. */
export const rawRepositoryFacts = {
  archived: z.boolean().nullish(),
  private: z.boolean().nullish(),
  internal: z.boolean().nullish(),
  owner: z.object({ visibility: z.string().nullish() }).nullish(),
};

/** A repository that is not private is still hidden from strangers when its owner is. */
export function repositoryFactsOf(
  raw: z.infer<z.ZodObject<typeof rawRepositoryFacts>>,
): RepositoryFacts {
  const { archived, owner } = raw;
  const ownerIsHidden = owner?.visibility === 'limited' || owner?.visibility === 'private';
  const shown = raw.internal === true || ownerIsHidden ? 'limited' : 'public';
  const visibility =
    raw.private === undefined || raw.private === null ? null : raw.private ? 'private' : shown;
  return { archived: archived === true, visibility };
}
