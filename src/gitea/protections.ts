import { z } from 'zod';

import type { RepositoryAddress } from './address.ts';
import type { Calls } from './calls.ts';

const ruleSchema = z
  .object({
    rule_name: z.string().default(''),
    enable_status_check: z.boolean().default(false),
    status_check_contexts: z.array(z.string()).nullish(),
  })
  .transform(({ rule_name: name, enable_status_check, status_check_contexts }) => ({
    /** The name of a branch, or a pattern. */
    name,
    /** Contexts that a merge needs, or patterns of them. */
    contexts: enable_status_check ? (status_check_contexts ?? []) : [],
  }));
export type ProtectionRule = Readonly<z.infer<typeof ruleSchema>>;

const placeSchema = z.object({
  default_branch: z.string().default(''),
  empty: z.boolean().default(false),
});

/** Calls about what has to be green before something is merged. */
export function createProtectionCalls({ read, write }: Calls) {
  /** Name of the default branch; empty while there is no commit. */
  async function getDefaultBranch(repository: RepositoryAddress, signal: AbortSignal) {
    const schema = placeSchema.transform(({ default_branch, empty }) =>
      empty ? '' : default_branch,
    );
    return read(repository, { path: '', schema }, signal);
  }

  /** Needs the right of an administrator of the repository. */
  function listProtections(repository: RepositoryAddress, signal: AbortSignal) {
    const call = { path: '/branch_protections', schema: z.array(ruleSchema) };
    return read(repository, call, signal);
  }

  /** A rule that forbids nothing but merging without these. */
  function createProtection(
    repository: RepositoryAddress,
    { name, contexts }: ProtectionRule,
    signal: AbortSignal,
  ) {
    const body = { rule_name: name, enable_push: true, ...bodyOf(contexts) };
    const call = { method: 'POST', path: '/branch_protections', body, success: 201 } as const;
    return write(repository, { ...call, schema: ruleSchema }, signal);
  }

  /** Leaves everything else of the rule as it is. */
  function editProtection(
    repository: RepositoryAddress,
    { name, contexts }: ProtectionRule,
    signal: AbortSignal,
  ) {
    const path = `/branch_protections/${encodeURIComponent(name)}`;
    const call = { method: 'PATCH', path, body: bodyOf(contexts), success: 200 } as const;
    return write(repository, { ...call, schema: ruleSchema }, signal);
  }

  return {
    ...{ getDefaultBranch, listProtections, createProtection, editProtection },
  };
}

function bodyOf(contexts: readonly string[]) {
  return { enable_status_check: true, status_check_contexts: contexts };
}
