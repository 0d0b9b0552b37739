import { expect, test } from 'vitest';

import { readOffline } from '../../src/reading/offline-reading.ts';
import { describeMentions } from '../support/mentions.ts';

test.each([
  '#13-B',
  '#13-b',
  '#13-C2',
  '#13-part2',
  '#13-part-2',
  '#13-backend',
  '#13-2',
  '#13-2b',
  '#13-II',
  '#13\u2011B',
  '#13.2',
  '#13.b',
  '#13_a',
  '#13a',
  '#13б',
  '#13/2',
  '#13/b',
  '!13-B',
  '!13.2',
  '#13-A',
  '#13-a',
  '#13–B',
  '#13—B',
  '#13–2',
  '#13:B',
  '#13+B',
  '#13(b)',
  '#13[b]',
  '#13²',
  'acme/orbit#13-B',
  'acme/lib!13/2',
  'https://git.example.test/acme/orbit/issues/13-B',
  'https://git.example.test/acme/orbit/pulls/13b',
  '[the part](https://git.example.test/acme/orbit/issues/13-B)',
  '<https://git.example.test/acme/orbit/issues/13-B>',
])('the code of a part names no issue: %s', (code) => {
  expect(describeMentions(`Blocked by ${code}.`)).toBe('');
  expect(describeMentions(`This has to merge before ${code}, and then we see.`)).toBe('');
  expect(describeMentions(`## Dependencies\n\n- ${code}`)).toBe('');
});

test.each([
  ['Depends on #13-B, #14', '<#14'],
  ['Depends on #13-B and #14', '<#14'],
  ['Depends on #13-B, #14 and #15', '<#14 <#15'],
  ['Depends on #13-B (the lock), #14', '<#14'],
  ['Depends on #13(b), #14', '<#14'],
  ['Depends on #13–C and #14', '<#14'],
  ['Waiting for #13-B; #14', '<#14'],
  ['Requires #13.1 and #14', '<#14'],
  ['Needs #13a, #14', '<#14'],
  ['Blocked by #12, #13-B, #14', '<#12 <#14'],
  ['Blocked by #2; #3-A; #4', '<#2 <#4'],
  ['Blocks #13-A and #14', '>#14'],
  ['## Blocked by\n\n- #13-B, #14', '<#14'],
  ['Blocked by https://example.test/x, #3', '<#3'],
  ['Blocked by [the docs](https://example.test/x), #3', '<#3'],
  ['This part (#13-B) depends on #14.', '<#14'],
  ['#13-B depends on #14.', '<#14'],
  ['Blocks #13-A and #13-B', ''],
  ['This part has to merge before #13–B, #13–C.', ''],
])('what names no issue stands in a list like one: %s', (body, mentions) => {
  expect(describeMentions(body)).toBe(mentions);
});

test.each([
  ['Depends on #13—A lock is missing.', '<#13'],
  ['Depends on #13–16.', '<#13'],
  ['Depends on #13-#14.', '<#13 <#14'],
  ['Depends on #13–#14.', '<#13 <#14'],
  ['Depends on #13/#14.', '<#13 <#14'],
  ['Blocked by #13 - the epic.', '<#13'],
  ['Blocked by #13-the epic.', '<#13'],
  ['Blocked by #13.', '<#13'],
  ['Blocked by #13. And more.', '<#13'],
  ['Blocked by #13.It is big.', '<#13'],
  ['Blocked by #13, which is big.', '<#13'],
  ['(Blocked by #13)', '<#13'],
  ["Blocked by #13's fix.", '<#13'],
  ['Blocked by #13: the lock.', '<#13'],
  ['Blocked by #13—the lock.', '<#13'],
  ['Blocked by #13-16.', '<#13'],
  ['Blocked by HTTPS://git.example.test/acme/orbit/issues/13', '<acme/orbit#13'],
  ['Blocked by Https://GIT.Example.test/acme/orbit/issues/13, #2', '<acme/orbit#13 <#2'],
  ['Blocked by https://git.example.test/acme/orbit/issues/13.', '<acme/orbit#13'],
  ['Blocked by https://git.example.test/acme/orbit/issues/13#issuecomment-4', '<acme/orbit#13'],
])('what only stands beside a number leaves it one: %s', (body, mentions) => {
  expect(describeMentions(body)).toBe(mentions);
});

test('parts that are called after the number of their epic are no edges to it', () => {
  const body =
    '## Summary\nCreates the topic and exports its address.\n\n## Dependencies\n\nNone. This part has to merge before #13-B, #13-C and #13-D, which all read the address exported here.\n\nFirst of four parts of #13.\n';
  const issue = { repository: 'acme/orbit', number: 31, title: 'Expose the ledger topic' };
  const { dependencies, partOf } = readOffline({ ...issue, body, bodyCut: false }, []);
  expect(dependencies).toEqual([]);
  expect(partOf).toEqual([{ repository: null, number: 13 }]);
});
