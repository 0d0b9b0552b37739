import { describe, expect, test } from 'vitest';

import { lockfileFindings } from '../../../../src/gates/integrity/packages/lockfile-findings.ts';

interface Entry {
  readonly version?: string;
  readonly from?: string;
  readonly hash?: string;
}
type Locked = Readonly<Record<string, Entry>>;

const registry = 'https://registry.npmjs.org';
const hashOf = (name: string, version: string) => `sha512-${name}${version}`;

/** The same packages as each package manager writes them. */
const formats: Readonly<Record<string, (packages: Locked) => string>> = {
  'package-lock.json': (packages) =>
    JSON.stringify({
      lockfileVersion: 3,
      packages: {
        '': { name: 'own' },
        'packages/own': { name: 'own' },
        'node_modules/own': { resolved: 'packages/own', link: true },
        ...npmEntries(packages),
      },
    }),
  'pnpm-lock.yaml': (packages) =>
    [
      "lockfileVersion: '9.0'",
      'importers:',
      '  .: {}',
      'packages:',
      ...Object.entries(packages).map(([name, { version = '1.0.0', from, hash }]) => {
        const source = from === undefined ? '' : `, tarball: ${from}`;
        const own = hash ?? hashOf(name, version);
        return `  '${name}@${version}':\n    resolution: {integrity: ${own}${source}}`;
      }),
      'snapshots:',
      '  x@1: &a {}',
    ].join('\n'),
  'yarn.lock': (packages) =>
    `# yarn lockfile v1\n\n${Object.entries(packages)
      .map(
        ([name, { version = '1.0.0', from, hash }]) =>
          `"${name}@^1", "${name}@^1.0":\n  version "${version}"\n  resolved "${from ?? `${registry}/${name}/-/${name.replace(/.*\//, '')}-${version}.tgz`}"\n  integrity ${hash ?? hashOf(name, version)}\n`,
      )
      .join('\n')}`,
  'bun.lock': (packages) =>
    `{\n  "lockfileVersion": 1,\n  "packages": {\n${Object.entries(packages)
      .map(
        ([name, { version = '1.0.0', from = '', hash }]) =>
          `    "${name}": ["${name}@${version}", "${from}", {}, "${hash ?? hashOf(name, version)}"],\n`,
      )
      .join('')}  }\n}\n`,
};

function npmEntries(packages: Locked): Record<string, object> {
  const entries: Record<string, object> = {};
  for (const [name, { version = '1.0.0', from, hash }] of Object.entries(packages)) {
    entries[`node_modules/a/node_modules/${name}`] = {
      version,
      resolved: from ?? `${registry}/${name}/-/${name.replace(/.*\//, '')}-${version}.tgz`,
      integrity: hash ?? hashOf(name, version),
    };
  }
  return entries;
}

const base: Locked = { chai: {}, '@a/b': {}, vitest: { version: '5.0.0' } };

describe.each(Object.entries(formats))('%s', (path, write) => {
  const rulesOf = (before: Locked, after: Locked) =>
    lockfileFindings({ path, before: write(before), after: write(after) }).map(
      ({ rule, severity, message }) => `${severity} ${rule}: ${message}`,
    );

  test.each<[string, Locked]>([
    ['nothing', base],
    ['a new version', { ...base, vitest: { version: '5.1.0' } }],
    ['a new package', { ...base, '@c/d': { version: '2.0.0' } }],
    ['a package removed', { chai: {} }],
    ['all brought up to date', { chai: { version: '2.0.0' }, '@a/b': { version: '1.1.0' } }],
    ['an older algorithm', { ...base, chai: { hash: 'sha1-abc' } }],
  ])('%s is daily work', (_title, after) => {
    expect(rulesOf(base, after)).toEqual([]);
  });

  test('another registry is named, with the packages', () => {
    const from = 'https://evil.example/chai/-/chai-1.0.0.tgz';
    const [finding, ...more] = rulesOf(base, { ...base, chai: { from, hash: 'sha512-evil' } });
    expect(more).toEqual([]);
    expect(finding).toMatch(
      /^error lockfile-registry: packages now come from evil\.example instead/,
    );
    expect(finding).toContain('chai@1.0.0');
  });

  test('a new package from another registry', () => {
    const from = 'https://evil.example/x/-/x-1.0.0.tgz';
    expect(rulesOf(base, { ...base, x: { from } })).toEqual([
      'error lockfile-registry: packages come from evil.example, which the lockfile of the base does not use: x@1.0.0',
    ]);
  });

  test('other contents of the same version', () => {
    expect(rulesOf(base, { ...base, chai: { hash: 'sha512-evil' } })).toEqual([
      'error lockfile-integrity: the same version has other contents than at the base: chai@1.0.0',
    ]);
  });

  test('an address that is no registry', () => {
    const from = 'https://codeload.github.com/evil/chai/tar.gz/abc';
    const [finding = ''] = rulesOf(base, { ...base, chai: { from } });
    expect(finding).toMatch(/^error lockfile-source: packages come from no registry/);
  });
});

const npm = (packages: object) => JSON.stringify({ lockfileVersion: 3, packages });
const npmRules = (before: object, after: object) =>
  lockfileFindings({ path: 'package-lock.json', before: npm(before), after: npm(after) }).map(
    ({ rule, severity }) => `${severity} ${rule}`,
  );
const chai = {
  version: '5.0.0',
  resolved: `${registry}/chai/-/chai-5.0.0.tgz`,
  integrity: 'sha512-a',
};

describe('npm', () => {
  test.each<[string, object, string[]]>([
    [
      'another package by its address',
      { ...chai, resolved: `${registry}/evil/-/evil-5.0.0.tgz` },
      ['error lockfile-source'],
    ],
    [
      'another version by its address',
      { ...chai, resolved: `${registry}/chai/-/chai-1.0.0.tgz` },
      ['error lockfile-source'],
    ],
    [
      'an alias',
      { ...chai, name: 'evil', resolved: `${registry}/evil/-/evil-5.0.0.tgz` },
      ['warning lockfile-alias'],
    ],
    [
      'git',
      { ...chai, resolved: 'git+ssh://git@github.com/evil/chai.git#abc' },
      ['error lockfile-source'],
    ],
    ['a file', { ...chai, resolved: 'file:evil.tgz' }, ['warning lockfile-source']],
    ['the hash removed', { ...chai, integrity: undefined }, ['error lockfile-integrity']],
    ['addresses left out', { version: '5.0.0', integrity: 'sha512-a' }, []],
    ['a mirror', { ...chai, resolved: 'https://registry.yarnpkg.com/chai/-/chai-5.0.0.tgz' }, []],
    ['one hash more', { ...chai, integrity: 'sha512-a sha1-b' }, []],
  ])('%s', (_title, entry, expected) => {
    expect(npmRules({ 'node_modules/chai': chai }, { 'node_modules/chai': entry })).toEqual(
      expected,
    );
  });

  test('a package of a private registry must not come from the public one', () => {
    const own = { version: '1.0.0', resolved: 'https://npm.corp.example/own/-/own-1.0.0.tgz' };
    const now = { version: '1.0.1', resolved: `${registry}/own/-/own-1.0.1.tgz` };
    const rules = npmRules({ 'node_modules/own': own }, { 'node_modules/own': now });
    expect(rules).toEqual(['error lockfile-registry']);
  });

  test('the first version of the format', () => {
    const write = (version: string) =>
      JSON.stringify({
        dependencies: {
          a: { version: '1.0.0', dependencies: { chai: { version, integrity: 'x' } } },
        },
      });
    const path = 'package-lock.json';
    const rules = lockfileFindings({
      path,
      before: write('1.0.0'),
      after: write('git+https://github.com/evil/chai.git#abc'),
    }).map(({ rule }) => rule);
    expect(rules).toEqual(['lockfile-source']);
    expect(lockfileFindings({ path, before: write('1.0.0'), after: write('1.1.0') })).toEqual([]);
  });

  test('a git source at another commit is daily work', () => {
    const from = (commit: string) => ({
      version: '1.0.0',
      resolved: `git+ssh://git@github.com/own/chai.git#${commit}`,
    });
    expect(
      npmRules({ 'node_modules/chai': from('a') }, { 'node_modules/chai': from('b') }),
    ).toEqual([]);
  });

  test('a lockfile that cannot be read, and one that is new', () => {
    const change = { path: 'package-lock.json', before: npm({}), after: '{' };
    expect(lockfileFindings(change).map(({ rule }) => rule)).toEqual(['lockfile-unread']);
    const fresh = {
      path: 'package-lock.json',
      before: undefined,
      after: npm({ 'node_modules/chai': chai }),
    };
    expect(lockfileFindings(fresh)).toEqual([]);
  });
});

test('yarn of later generations', () => {
  const write = (resolution: string, checksum: string) =>
    `__metadata:\n  version: 8\n\n"chai@npm:^5":\n  version: 5.0.0\n  resolution: "${resolution}"\n  checksum: ${checksum}\n  languageName: node\n`;
  const rules = (after: string) =>
    lockfileFindings({ path: 'yarn.lock', before: write('chai@npm:5.0.0', '10/aa'), after }).map(
      ({ rule }) => rule,
    );
  expect(rules(write('chai@npm:5.0.0', '10/aa'))).toEqual([]);
  expect(rules(write('chai@npm:5.0.0', '10c0/bb'))).toEqual([]);
  expect(rules(write('chai@npm:5.0.0', '10/bb'))).toEqual(['lockfile-integrity']);
  expect(rules(write('chai@https://github.com/evil/chai.git#commit=a', '10/cc'))).toEqual([
    'lockfile-source',
  ]);
  expect(rules(write('evil@npm:5.0.0', '10/cc'))).toEqual(['lockfile-alias']);
});

test('many packages of one kind are one finding', () => {
  const at = (host: string) =>
    Object.fromEntries(
      Array.from({ length: 20 }, (_, index) => [
        `node_modules/p${index}`,
        { version: '1.0.0', resolved: `https://${host}/p${index}/-/p${index}-1.0.0.tgz` },
      ]),
    );
  const [finding, ...more] = lockfileFindings({
    path: 'package-lock.json',
    before: npm(at('registry.npmjs.org')),
    after: npm(at('mirror.example')),
  });
  expect(more).toEqual([]);
  expect(finding?.message).toBe(
    'packages now come from mirror.example instead of registry.npmjs.org: p0@1.0.0, p1@1.0.0, p2@1.0.0, p3@1.0.0, p4@1.0.0 and 15 more',
  );
});
