import { z } from 'zod';

import { labelJson } from '../world/json.ts';
import { createLabel, labelsOf, labelsOfRepository, sortedByName } from '../world/label-rows.ts';
import { addLabels, clearLabels, removeLabel, replaceLabels } from '../world/labels.ts';
import { requireAccess, requireIssue, requireRepository } from './access.ts';
import {
  issuePath,
  ok,
  on,
  page,
  parse,
  repositoryPath,
  type Answer,
  type Asked,
  type Route,
} from './route.ts';

const labelIdsSchema = z.object({ labels: z.array(z.int()) });
const newLabelSchema = z.object({
  name: z.string().min(1),
  color: z.string(),
  description: z.string().default(''),
  exclusive: z.boolean().default(false),
});

export const labelRoutes: readonly Route[] = [
  on('GET', `${issuePath}/labels`, 'issue', (asked, parts) =>
    ok(labelsOf(asked.world, requireIssue(asked, parts)).map(labelJson)),
  ),
  on('POST', `${issuePath}/labels`, 'issue', changeLabels(addLabels)),
  on('PUT', `${issuePath}/labels`, 'issue', changeLabels(replaceLabels)),
  on('DELETE', `${issuePath}/labels`, 'issue', (asked, parts) => {
    clearLabels(asked.world, asked.token.login, requireIssue(asked, parts, 'write'));
    return { status: 204 };
  }),
  on('DELETE', `${issuePath}/labels/([^/]+)`, 'issue', (asked, parts) => {
    const place = requireIssue(asked, parts);
    requireAccess(asked, place.repositoryId, 'write', '');
    removeLabel(asked.world, asked.token.login, place, Number(parts[2]) || 0);
    return { status: 204 };
  }),
  on('GET', `${repositoryPath}/labels`, 'issue', (asked, [name]) => {
    const labels = labelsOfRepository(asked.world, requireRepository(asked, name));
    return page(asked, sortedByName(labels).map(labelJson), { counted: true });
  }),
  on('POST', `${repositoryPath}/labels`, 'issue', (asked, [name]) => {
    const repositoryId = requireRepository(asked, name);
    const message = 'user should have a permission to write to a repo';
    requireAccess(asked, repositoryId, 'write', message);
    const label = parse(newLabelSchema, asked.body, '[Name]: Required');
    return { status: 201, body: labelJson(createLabel(asked.world, repositoryId, label)) };
  }),
];

function changeLabels(change: typeof addLabels) {
  return (asked: Asked, parts: readonly string[]): Answer => {
    const place = requireIssue(asked, parts, 'write');
    const { labels } = parse(labelIdsSchema, asked.body, '[]: invalid');
    return ok(change(asked.world, asked.token.login, place, labels).map(labelJson));
  };
}
