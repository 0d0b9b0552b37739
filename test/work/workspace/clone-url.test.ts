import { expect, test } from 'vitest';

import { cloneUrlOf, templateProblem } from '../../../src/work/workspace/clone-url.ts';

const issue = { ref: 'acme/orbit#12', url: 'https://git.example.org/sub/acme/orbit/issues/12' };

test('the clone URL is that of the page, or of the template', () => {
  expect(cloneUrlOf(issue, undefined)).toBe('https://git.example.org/sub/acme/orbit.git');
  expect(cloneUrlOf(issue, 'git@g:{owner}/{repo}.git')).toBe('git@g:acme/orbit.git');
});

test('a template holds no password, and nothing that git takes for more than an address', () => {
  expect(templateProblem('ssh://git@g:22/{owner}/{repo}.git')).toBeUndefined();
  expect(templateProblem('/srv/git/{owner}/{repo}.git')).toBeUndefined();
  for (const bad of [
    ...[
      'https://me:secret@g/{owner}/{repo}.git',
      'https://g/orbit.git',
      '--upload-pack={owner}{repo}',
    ],
    'ext::sh {owner}/{repo}',
  ])
    expect(templateProblem(bad)).toContain('--clone-url');
});
