import { failed, passed, type Preset } from './preset.ts';

export const pythonUv: Preset = {
  name: 'python-uv',
  needs: ['uv'],
  files: {
    'pyproject.toml': `[project]
name = "orbit"
version = "1.0.0"
requires-python = ">=3.10"

[dependency-groups]
dev = ["mypy>=1.11", "pytest>=8", "pytest-cov>=5", "ruff>=0.6"]

[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[tool.mypy]
files = ["src"]
strict = true
`,
    'src/orbit/__init__.py': '',
    'src/orbit/sums.py': `def add(a: int, b: int) -> int:
    return a + b


def half(a: int) -> int:
    if a % 2:
        raise ValueError(a)
    return a // 2
`,
    'tests/test_sums.py': `import pytest

from orbit.sums import add, half


def test_add() -> None:
    assert add(1, 2) == 3


def test_half() -> None:
    assert half(4) == 2
    with pytest.raises(ValueError):
        half(3)
`,
  },
  locks: ['uv lock'],
  trees: [
    {
      name: 'sound',
      files: {},
      expected: { build: passed, lint: passed, test: passed, coverage: passed },
    },
    {
      name: 'broken',
      files: {
        'src/orbit/more.py': 'import os\n\n\ndef name() -> int:\n    return "x"\n',
        'tests/test_more.py':
          'from orbit.sums import add\n\n\ndef test_more() -> None:\n    assert add(1, 1) == 3\n',
      },
      expected: {
        build: failed('src/orbit/more.py:5'),
        lint: failed('src/orbit/more.py:1'),
        test: failed('tests/test_more.py:5'),
      },
    },
    {
      name: 'uncovered',
      files: {
        'src/orbit/never.py': 'def never(a: int) -> int:\n    b = a\n    c = b\n    return c\n',
      },
      expected: { build: passed, lint: passed, test: passed, coverage: failed('never.py') },
    },
  ],
};
