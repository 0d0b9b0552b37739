import { proposePythonInstall } from './install.ts';
import type { Project } from '../project.ts';
import {
  isPlace,
  join,
  nothing,
  proposedCoverage,
  type NamedGate,
  type Proposal,
} from '../proposal.ts';
import { readPyproject, type Pyproject } from './pyproject.ts';

const markers = ['pyproject.toml', 'setup.py', 'setup.cfg', 'requirements.txt'];
/** Tools that are named in a note alone. */
const others = ['flake8', 'pylint', 'black', 'pyright', 'tox', 'nox', 'hatch', 'unittest2'];

/** What pyproject.toml, requirements and the configuration of tools say. */
export async function proposePython(project: Project): Promise<Proposal> {
  const names = await project.names();
  if (!markers.some((marker) => names.includes(marker))) return nothing;
  const python = await readPyproject(project);
  if (typeof python === 'string') return { ...nothing, notes: [python] };
  const gates = await gatesOf(project, python);
  // A few lines of Python beside another project, such as the requirements of its documentation, are no project.
  if (gates.gates.length === 0 && !names.includes('pyproject.toml')) return nothing;
  return join(await proposePythonInstall(project, python), gates);
}

async function gatesOf(project: Project, python: Pyproject): Promise<Proposal> {
  const parts = [mypy, ruff, pytest].map((propose) => propose(project, python));
  const seen = others.filter((name) => python.uses(name));
  const note = `Seen, but not made into a gate: ${seen.join(', ')}. Add a gate with its command if it is part of the checks.`;
  return join(...(await Promise.all(parts)), seen.length > 0 ? { notes: [note] } : {});
}

async function mypy(project: Project, python: Pyproject): Promise<Partial<Proposal>> {
  const named = await project.has('mypy.ini');
  if (!named && !python.uses('mypy') && !python.configures('mypy')) return {};
  const ini = (await project.text('mypy.ini')) ?? '';
  const places =
    python.says('mypy', ['files', 'packages', 'modules']) ||
    /^\s*(files|packages|modules)\s*=/m.test(ini)
      ? []
      : await codeOf(project);
  const command = ['mypy --junit-xml mypy.xml', ...places].join(' ');
  return {
    gates: [['build', { command, junit: 'mypy.xml' }]],
    notes:
      places.length === 0
        ? []
        : [`mypy has no files in its configuration, so build checks ${places.join(' ')}.`],
  };
}

async function ruff(project: Project, python: Pyproject): Promise<Partial<Proposal>> {
  const named = (await project.has('ruff.toml')) || (await project.has('.ruff.toml'));
  if (!named && !python.uses('ruff') && !python.configures('ruff')) return {};
  const command = 'ruff check --output-format sarif --output-file ruff.sarif';
  const formats = python.says('ruff', ['format']);
  return {
    gates: [
      ['lint', { command, sarif: 'ruff.sarif' }],
      ...(formats ? ([['format', { command: 'ruff format --check' }]] as const) : []),
    ],
  };
}

async function pytest(project: Project, python: Pyproject): Promise<Partial<Proposal>> {
  const named = await project.has('pytest.ini');
  if (!named && !python.uses('pytest') && !python.configures('pytest'))
    return {
      notes: [
        'pytest was not found, so there is no gate test: add one with the command that runs the tests.',
      ],
    };
  const run = 'pytest --junitxml=junit.xml';
  const coverage: NamedGate = [
    'coverage',
    { reportOf: 'test', cobertura: 'coverage.xml', thresholds: proposedCoverage },
  ];
  const places = await measured(project, python);
  if (python.uses('pytest-cov')) {
    const cov = places.length === 0 ? '--cov' : places.map((place) => `--cov=${place}`).join(' ');
    const command = `${run} ${cov} --cov-report=xml:coverage.xml`;
    return { gates: [['test', { command, junit: 'junit.xml' }], coverage] };
  }
  if (!python.uses('coverage'))
    return {
      gates: [['test', { command: run, junit: 'junit.xml' }]],
      notes: [
        'Coverage is not measured: add pytest-cov to the development dependencies, then write this file anew.',
      ],
    };
  const source = places.length === 0 ? '' : ` --source=${places.join(',')}`;
  const command = `coverage run${source} -m ${run}; tests=$?; coverage xml -o coverage.xml; exit $tests`;
  return { gates: [['test', { command, junit: 'junit.xml' }], coverage] };
}

/**
 * Directories whose files are counted even if no test imports them. None when coverage is configured with its
 * source, or with a threshold, which holds for what the project measures by itself.
 */
async function measured(project: Project, python: Pyproject): Promise<readonly string[]> {
  const configured =
    python.says('coverage', ['source', 'source_pkgs', 'include', 'fail_under']) ||
    /^\s*(source|source_pkgs|include|fail_under)\s*=/m.test(
      (await project.text('.coveragerc')) ?? '',
    );
  return configured ? [] : codeOf(project);
}

/** `src`, or the packages at the top, or everything. */
async function codeOf(project: Project): Promise<readonly string[]> {
  const names = await project.names();
  if (names.includes('src')) return ['src'];
  const plain = names.filter((name) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && isPlace(name));
  const packages = plain.filter((name) => !/^(tests?|docs?|examples?|scripts?)$/.test(name));
  const found = await Promise.all(
    packages.map(async (name) => ((await project.has(`${name}/__init__.py`)) ? [name] : [])),
  );
  const all = found.flat();
  return all.length > 0 ? all : ['.'];
}
