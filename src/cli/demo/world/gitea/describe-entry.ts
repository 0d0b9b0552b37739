import { isoTime } from '../../../../issue/iso-time.ts';
import type { Repository } from './state.ts';

/** An issue or a pull request in lines, for people who follow a link; undefined when there is none. */
export function describeEntry(
  repository: Repository,
  number: number,
): readonly string[] | undefined {
  const issue = repository.issues.get(number);
  const pull = repository.pulls.get(number);
  const entry = issue ?? pull;
  if (entry === undefined) return undefined;
  const state = pull?.merged === true ? 'merged' : entry.open ? 'open' : 'closed';
  const labels = repository.labels.filter(({ id }) => issue?.labels.includes(id));
  return [
    `${repository.name}${pull === undefined ? '#' : '!'}${number}: ${entry.title}`,
    `${state}, opened by ${entry.author}`,
    ...(issue === undefined ? [] : [`assigned to: ${issue.assignees.join(', ') || 'nobody'}`]),
    ...(labels.length === 0 ? [] : [`labels: ${labels.map(({ name }) => name).join(', ')}`]),
    ...(pull === undefined ? [] : [`branch ${pull.head} into ${pull.base}`]),
    ...['', entry.body],
    ...entry.comments.flatMap(({ author, body, updatedAt }) => [
      ...['', `---- ${author}, ${isoTime(updatedAt)}`, body],
    ]),
    ...(pull?.reviews ?? []).flatMap(({ author, state: verdict, body }) => [
      ...['', `---- ${author}: ${verdict}`, body],
    ]),
  ];
}
