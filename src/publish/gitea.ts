/** An issue on Gitea: the id of its repository for good, and the name that has now. */
export interface Place {
  readonly repositoryId: number;
  readonly repository: string;
  readonly number: number;
}

export type RepositoryPlace = Omit<Place, 'number'>;

export interface Comment {
  readonly id: number;
  readonly authorId: number;
  readonly body: string;
}

export interface Label {
  readonly id: number;
  readonly name: string;
}

export interface NewLabel {
  readonly name: string;
  readonly color: string;
  readonly description: string;
  readonly exclusive: boolean;
}

type Found<T> = { readonly kind: 'ok'; readonly value: T } | { readonly kind: 'missing' };

/** `refused`: will not pass by waiting, as far as Gitea says. */
export type Written<T> =
  Found<T> | { readonly kind: 'refused'; readonly status: number; readonly message: string };

/** What publishing asks of Gitea. Everything throws `TryAgainLater` while it does not answer. */
export interface PublishGitea {
  readonly getUser: (signal: AbortSignal) => Promise<{ readonly id: number }>;
  /** Sure to be in the repository with that id, whatever its name. */
  readonly locate: (place: Place, signal: AbortSignal) => Promise<Found<Place>>;
  readonly listComments: (place: Place, signal: AbortSignal) => Promise<Found<readonly Comment[]>>;
  readonly getComment: (place: Place, id: number, signal: AbortSignal) => Promise<Found<Comment>>;
  readonly createComment: (
    place: Place,
    body: string,
    signal: AbortSignal,
  ) => Promise<Written<Comment>>;
  readonly editComment: (
    place: Place,
    id: number,
    body: string,
    signal: AbortSignal,
  ) => Promise<Written<Comment>>;
  readonly listIssueLabels: (place: Place, signal: AbortSignal) => Promise<Found<readonly Label[]>>;
  /** Gives the resulting list. */
  readonly addIssueLabel: (
    place: Place,
    labelId: number,
    signal: AbortSignal,
  ) => Promise<Written<readonly Label[]>>;
  readonly removeIssueLabel: (
    place: Place,
    labelId: number,
    signal: AbortSignal,
  ) => Promise<Written<undefined>>;
  readonly listRepositoryLabels: (
    place: RepositoryPlace,
    signal: AbortSignal,
  ) => Promise<Found<readonly (Label & { readonly exclusive: boolean })[]>>;
  readonly createRepositoryLabel: (
    place: RepositoryPlace,
    label: NewLabel,
    signal: AbortSignal,
  ) => Promise<Written<Label>>;
}
