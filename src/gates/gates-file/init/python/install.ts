import type { Project } from '../project.ts';
import type { Proposal } from '../proposal.ts';
import type { Pyproject } from './pyproject.ts';

/** Names of groups and extras that hold what checks need. */
const forChecks =
  /^(dev|devel|development|tests?|testing|lint|linting|types?|typing|mypy|check|checks|qa|ci)$/i;
const name = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** The steps that make `.venv`, whose programs the gates find. */
export async function proposePythonInstall(
  project: Project,
  { exists, extras, groups, requirements }: Pyproject,
): Promise<Partial<Proposal>> {
  const wantedExtras = extras.filter((extra) => forChecks.test(extra));
  const wantedGroups = groups.filter((group) => forChecks.test(group) && name.test(group));
  if (await project.has('uv.lock')) {
    const flags = [
      // uv installs the group `dev` unasked.
      ...wantedGroups.filter((group) => group !== 'dev').map((group) => ` --group ${group}`),
      ...wantedExtras.map((extra) => ` --extra ${extra}`),
    ];
    return { install: [`uv sync --locked${flags.join('')}`] };
  }
  if (await project.has('poetry.lock')) {
    const env = { POETRY_VIRTUALENVS_IN_PROJECT: 'true' };
    return { install: [{ command: 'poetry sync --no-interaction --all-groups', env }] };
  }
  if (await project.has('pdm.lock')) return { install: ['pdm sync --group :all'] };
  const itself = wantedExtras.length === 0 ? '-e .' : `-e '.[${wantedExtras.join(',')}]'`;
  const parts = [
    ...requirements
      .filter((file) => !/^docs?[-_.]|[-_.]docs?\./.test(file))
      .map((file) => `-r ${file}`),
    ...(exists ? [itself] : []),
    ...wantedGroups.map((group) => `--group ${group}`),
  ];
  return {
    install: ['python3 -m venv .venv', `.venv/bin/pip install ${parts.join(' ')}`],
    notes: [
      'There is no lockfile of Python packages, so a run may install other versions: uv lock makes one.',
    ],
  };
}
