import { expect, test } from 'vitest';

import { proposedFor } from '../../support/proposed.ts';

test('cargo is judged by exit codes', async () => {
  const { file, notes } = await proposedFor({ 'Cargo.toml': '[package]\n', 'Cargo.lock': '' });
  expect(file).toEqual({
    install: ['cargo fetch --locked'],
    gates: {
      build: { command: 'cargo check --workspace --all-targets --locked' },
      lint: { command: 'cargo clippy --workspace --all-targets --locked -- -D warnings' },
      test: { command: 'cargo test --workspace --locked' },
    },
  });
  expect(notes.join()).toContain('cargo test writes no JUnit');
});

test('cargo-nextest writes JUnit where its configuration says so', async () => {
  const { file, notes } = await proposedFor({
    'Cargo.toml': '',
    '.config/nextest.toml':
      '[profile.default]\nretries = 0\n[profile.other.junit]\npath = "o.xml"\n[profile.ci.junit]\npath = "junit.xml"\n',
  });
  expect(file).toMatchObject({
    install: ['cargo fetch'],
    gates: {
      test: {
        command: 'cargo nextest run --workspace --profile ci',
        junit: 'target/nextest/ci/junit.xml',
      },
    },
  });
  expect(notes[0]).toContain('There is no Cargo.lock');
});

test.each(['[profile.ci.junit]\npath = "../out.xml"\n', '= nonsense'])(
  'a configuration of nextest without a usable report: %j',
  async (nextest) => {
    const { file } = await proposedFor({ 'Cargo.toml': '', '.config/nextest.toml': nextest });
    expect(file).toMatchObject({ gates: { test: { command: 'cargo test --workspace' } } });
  },
);
