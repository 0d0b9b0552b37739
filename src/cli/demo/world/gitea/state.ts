import { createHash } from 'node:crypto';

/** What the demo's stand-in for Gitea knows: only what the service asks Gitea about. */

export interface Label {
  readonly id: number;
  readonly name: string;
  readonly color: string;
  readonly description: string;
  readonly exclusive: boolean;
}

export interface Comment {
  readonly id: number;
  readonly author: string;
  body: string;
  updatedAt: number;
}

/** An issue or a pull request, with what both have. */
interface Entry {
  readonly number: number;
  readonly author: string;
  title: string;
  body: string;
  open: boolean;
  updatedAt: number;
  readonly comments: Comment[];
}

export interface Issue extends Entry {
  assignees: string[];
  /** Ids. */
  labels: number[];
}

export interface Review {
  readonly id: number;
  readonly author: string;
  readonly state: 'APPROVED' | 'REQUEST_CHANGES';
  readonly body: string;
  readonly comments: readonly {
    readonly path: string;
    readonly line: number;
    readonly body: string;
  }[];
  readonly updatedAt: number;
}

export interface Pull extends Entry {
  readonly head: string;
  readonly base: string;
  merged: boolean;
  readonly reviews: Review[];
}

export interface Status {
  readonly state: string;
  readonly context: string;
  readonly description: string;
  readonly targetUrl: string;
}

export interface Commit {
  readonly files: readonly string[];
  isMerged: boolean;
  readonly statuses: Map<string, Status>;
}

export interface Repository {
  readonly id: number;
  /** `owner/name`. */
  readonly name: string;
  head: string;
  readonly labels: Label[];
  readonly issues: Map<number, Issue>;
  readonly pulls: Map<number, Pull>;
  /** Newest commit of each branch but the default one. */
  readonly branches: Map<string, string>;
  readonly commits: Map<string, Commit>;
}

export const defaultBranch = 'main';
export const botLogin = 'coordinator-bot';
/** Everybody has an id, which is the place in this list and one. */
export const people = [botLogin, 'maria', 'tom', 'lena'] as const;
export type Person = (typeof people)[number];

export interface GiteaState {
  readonly repositories: readonly Repository[];
  readonly now: () => number;
  readonly nextId: () => number;
}

/** Hash of the commit with which a repository begins. */
export function firstCommit(name: string): string {
  return createHash('sha1').update(name).digest('hex');
}

export function createState(names: readonly string[], now: () => number): GiteaState {
  let id = 100;
  const repositories = names.map((name, index) => {
    const head = firstCommit(name);
    const commits = new Map([[head, { files: [], isMerged: true, statuses: new Map() }]]);
    return {
      ...{ id: index + 11, name, head, commits },
      ...{ labels: [], issues: new Map(), pulls: new Map(), branches: new Map() },
    };
  });
  return { repositories, now, nextId: () => (id += 1) };
}

export function findRepository({ repositories }: GiteaState, name: string): Repository | undefined {
  return repositories.find((one) => one.name.toLowerCase() === name.toLowerCase());
}

/** Issues and pull requests share their numbers. */
export function nextNumber({ issues, pulls }: Repository): number {
  return Math.max(0, ...issues.keys(), ...pulls.keys()) + 1;
}

export function labelNamed(state: GiteaState, { labels }: Repository, name: string): Label {
  const known = labels.find((label) => label.name === name);
  if (known !== undefined) return known;
  const made = { name, color: 'd4c5f9', description: '', exclusive: false };
  const label = { id: state.nextId(), ...made };
  labels.push(label);
  return label;
}
