import { describe, expect, test } from 'vitest';

import { proposedFor, type Tree } from '../../../support/proposed.ts';

const coverage = { reportOf: 'test', cobertura: 'coverage.xml', thresholds: 85 };

test('uv with mypy, ruff, pytest and its coverage', async () => {
  const { file, notes } = await proposedFor({
    'pyproject.toml': `
[project]
name = "orbit"
dependencies = ["httpx>=0.27"]
[project.optional-dependencies]
docs = ["mkdocs"]
types = ["Mypy>=1"]
[dependency-groups]
dev = ["pytest>=8", { include-group = "lint" }]
lint = ["ruff", "PyTest_Cov"]
[tool.mypy]
files = ["src"]
[tool.ruff.format]
quote-style = "single"
`,
    'uv.lock': '',
    'src/orbit/__init__.py': '',
  });
  expect(file).toEqual({
    install: ['uv sync --locked --group lint --extra types'],
    gates: {
      build: { command: 'mypy --junit-xml mypy.xml', junit: 'mypy.xml' },
      lint: {
        command: 'ruff check --output-format sarif --output-file ruff.sarif',
        sarif: 'ruff.sarif',
      },
      format: { command: 'ruff format --check' },
      test: {
        command: 'pytest --junitxml=junit.xml --cov=src --cov-report=xml:coverage.xml',
        junit: 'junit.xml',
      },
      coverage,
    },
  });
  expect(notes).toEqual([]);
});

test('requirements, packages at the top and coverage without pytest-cov', async () => {
  const { file, notes } = await proposedFor({
    'requirements.txt': 'flask==3.0\n',
    'dev-requirements.txt': '# for checks\npytest\ncoverage[toml]\nflake8\n',
    'docs-requirements.txt': 'sphinx\n',
    'mypy.ini': '[mypy]\n',
    'orbit/__init__.py': '',
    'tests/__init__.py': '',
  });
  expect(file).toEqual({
    install: [
      'python3 -m venv .venv',
      '.venv/bin/pip install -r dev-requirements.txt -r requirements.txt',
    ],
    gates: {
      build: { command: 'mypy --junit-xml mypy.xml orbit', junit: 'mypy.xml' },
      test: {
        command:
          'coverage run --source=orbit -m pytest --junitxml=junit.xml; tests=$?; coverage xml -o coverage.xml; exit $tests',
        junit: 'junit.xml',
      },
      coverage,
    },
  });
  expect(notes).toEqual([
    'There is no lockfile of Python packages, so a run may install other versions: uv lock makes one.',
    'mypy has no files in its configuration, so build checks orbit.',
    'Seen, but not made into a gate: flake8. Add a gate with its command if it is part of the checks.',
  ]);
});

describe('install', () => {
  test.each<[string, Tree, unknown]>([
    [
      'the project with an extra and a group',
      {
        'pyproject.toml':
          '[project.optional-dependencies]\ntest = ["pytest"]\n[dependency-groups]\nlint = ["ruff"]\ndocs = ["mkdocs"]\n',
      },
      ['python3 -m venv .venv', ".venv/bin/pip install -e '.[test]' --group lint"],
    ],
    [
      'poetry',
      {
        'pyproject.toml': '[tool.poetry.group.dev.dependencies]\npytest = "*"\n',
        'poetry.lock': '',
      },
      [
        {
          command: 'poetry sync --no-interaction --all-groups',
          env: { POETRY_VIRTUALENVS_IN_PROJECT: 'true' },
        },
      ],
    ],
  ])('%s', async (_, tree, install) => {
    expect((await proposedFor(tree)).file).toMatchObject({ install });
  });
});

test('the source that coverage is configured with stays', async () => {
  const { file } = await proposedFor({
    'pyproject.toml':
      '[dependency-groups]\ndev = ["pytest", "pytest-cov"]\n[tool.coverage.run]\nsource = ["orbit"]\n',
    'uv.lock': '',
  });
  expect(file).toMatchObject({
    gates: {
      test: { command: 'pytest --junitxml=junit.xml --cov --cov-report=xml:coverage.xml' },
    },
  });
});

test('all packages at the top are measured', async () => {
  const { file } = await proposedFor({
    'pyproject.toml': '[dependency-groups]\ndev = ["pytest", "pytest-cov"]\n',
    'uv.lock': '',
    'a/__init__.py': '',
    'b/__init__.py': '',
    'tests/__init__.py': '',
  });
  expect(file).toMatchObject({
    gates: {
      test: {
        command: 'pytest --junitxml=junit.xml --cov=a --cov=b --cov-report=xml:coverage.xml',
      },
    },
  });
});

test('requirements without a tool of checks are no Python project', async () => {
  expect(await proposedFor({ 'requirements.txt': 'mkdocs\n' })).toMatchObject({ file: {} });
});

test('a pyproject.toml that is no TOML is told', async () => {
  const { notes } = await proposedFor({ 'pyproject.toml': 'name = = 3' });
  expect(notes).toContain('pyproject.toml cannot be read as TOML, so nothing of it was used.');
});
