/** A place on Gitea where something happened to a pull request, or to a branch or commit that may be one's. */
export interface PullHint {
  readonly repositoryId: number;
  readonly of:
    { readonly pull: number } | { readonly branch: string } | { readonly commit: string };
}
