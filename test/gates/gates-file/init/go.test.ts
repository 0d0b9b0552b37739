import { expect, test } from 'vitest';

import { proposedFor } from '../../support/proposed.ts';

test('Go without tools for reports is judged by exit codes', async () => {
  const { file, notes } = await proposedFor({ 'go.mod': 'module example.com/orbit\n\ngo 1.24\n' });
  expect(file).toEqual({
    install: ['go mod download'],
    gates: {
      build: { command: 'go build ./...' },
      lint: { command: 'go vet ./...' },
      test: { command: 'go test ./...' },
    },
  });
  expect(notes).toEqual([
    'Go writes neither JUnit nor Cobertura itself, so test is judged by its exit code alone and coverage is not measured: run go get -tool gotest.tools/gotestsum github.com/boumenot/gocover-cobertura and write this file anew.',
  ]);
});

test('Go with both tools and golangci-lint is judged by reports', async () => {
  const { file, notes } = await proposedFor({
    'go.mod':
      'module example.com/orbit\n\ntool (\n\tgotest.tools/gotestsum\n\tgithub.com/boumenot/gocover-cobertura\n)\n',
    '.golangci.yml': 'version: "2"\n',
  });
  expect(file).toMatchObject({
    gates: {
      lint: {
        command: 'golangci-lint run --output.sarif.path=lint.sarif ./...',
        sarif: 'lint.sarif',
      },
      test: {
        command:
          'go tool gotestsum --junitfile junit.xml -- -coverprofile=cover.out -coverpkg=./... ./...; tests=$?; go tool gocover-cobertura < cover.out > coverage.xml; exit $tests',
        junit: 'junit.xml',
      },
      coverage: { reportOf: 'test', cobertura: 'coverage.xml', thresholds: 85 },
    },
  });
  expect(notes).toEqual([]);
});

test('an older golangci-lint, and a workspace', async () => {
  const { file, notes } = await proposedFor({
    'go.mod':
      'module example.com/orbit\ntool github.com/golangci/golangci-lint/cmd/golangci-lint\n',
    'go.work': 'use .\n',
    '.golangci.toml': '[linters]\n',
  });
  expect(file).toMatchObject({ gates: { lint: { command: 'go tool golangci-lint run ./...' } } });
  expect(notes[0]).toContain('go.work names several modules');
});
