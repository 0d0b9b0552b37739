import { z } from 'zod';

import {
  addDependency,
  blocksOf,
  dependenciesOf,
  removeDependency,
  requireDependencies,
} from '../world/dependencies.ts';
import { issueJson } from '../world/json.ts';
import { getRepository, permissionOf } from '../world/state.ts';
import { GiteaRefusal, type IssuePlace } from '../world/types.ts';
import { mayRead, requireIssue } from './access.ts';
import { issuePath, on, page, parse, type Answer, type Asked, type Route } from './route.ts';

const dependencySchema = z.object({ owner: z.string(), repo: z.string(), index: z.int() });

export const dependencyRoutes: readonly Route[] = [
  on('GET', `${issuePath}/dependencies`, 'issue', (asked, parts) => {
    const place = requireIssue(asked, parts);
    requireDependencies(asked.world, place);
    const blockers = dependenciesOf(asked.world, place).map(blockerJson(asked, place));
    return page(asked, blockers, { counted: false });
  }),
  on('GET', `${issuePath}/blocks`, 'issue', (asked, parts) => {
    const { world } = asked;
    const place = requireIssue(asked, parts);
    requireDependencies(world, place);
    const seen = blocksOf(world, place).filter(({ repositoryId }) => mayRead(asked, repositoryId));
    return page(
      asked,
      seen.map((other) => issueJson(world, other)),
      { counted: false },
    );
  }),
  // Of a timeline, only the pull requests whose text names the issue.
  on('GET', `${issuePath}/timeline`, 'issue', (asked, parts) => {
    const { world } = asked;
    const { repositoryId, number } = requireIssue(asked, parts);
    const pulls = [...getRepository(world, repositoryId).issues].filter(
      ([, { isPull, body = '' }]) => isPull === true && body.includes(`#${number}`),
    );
    const entries = pulls.map(([other]) => ({
      type: 'pull_ref',
      ref_action: 'closes',
      ref_issue: issueJson(world, { repositoryId, number: other }),
    }));
    return page(asked, entries, { counted: true });
  }),
  on('POST', `${issuePath}/dependencies`, 'issue', changeDependency(addDependency)),
  on('DELETE', `${issuePath}/dependencies`, 'issue', changeDependency(removeDependency)),
];

function changeDependency(change: typeof addDependency) {
  return (asked: Asked, parts: readonly string[]): Answer => {
    const place = requireIssue(asked, parts);
    const { owner, repo, index } = parse(dependencySchema, asked.body, 'IsErrRepoNotExist');
    const other = requireIssue(asked, [`${owner}/${repo}`, String(index)]);
    if (permissionOf(asked.world, asked.token.login, place.repositoryId) === 'read')
      throw new GiteaRefusal(404, 'not found');
    change(asked.world, place, other);
    return { status: 201, body: issueJson(asked.world, place) };
  };
}

/** A blocker the caller may not read is a row of zeros. */
function blockerJson(asked: Asked, { repositoryId }: IssuePlace) {
  return (other: IssuePlace) => {
    const json = issueJson(asked.world, other);
    if (mayRead(asked, other.repositoryId)) return json;
    const isReader = permissionOf(asked.world, asked.token.login, repositoryId) === 'read';
    const shown = isReader ? { title: 'HIDDEN', state: 'open' } : { title: '', state: '' };
    const nulls = { user: null, labels: null, assignees: null, repository: null };
    return { ...json, ...shown, ...nulls, id: 0, number: 0, body: '' };
  };
}
