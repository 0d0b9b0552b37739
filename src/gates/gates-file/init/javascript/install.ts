import type { PackageJson } from './package-json.ts';
import type { Project } from '../project.ts';
import type { Proposal, ProposedStep } from '../proposal.ts';

interface Lockfile {
  readonly files: readonly string[];
  readonly manager: string;
  readonly step: (project: Project) => Promise<Partial<Proposal>>;
}

const lockfiles: readonly Lockfile[] = [
  {
    files: ['package-lock.json', 'npm-shrinkwrap.json'],
    manager: 'npm',
    step: always('npm ci --ignore-scripts'),
  },
  {
    files: ['pnpm-lock.yaml'],
    manager: 'pnpm',
    step: always('pnpm install --frozen-lockfile --ignore-scripts'),
  },
  { files: ['yarn.lock'], manager: 'yarn', step: yarn },
  {
    files: ['bun.lock', 'bun.lockb'],
    manager: 'bun',
    step: always('bun install --frozen-lockfile --ignore-scripts'),
  },
];

/** The step that installs what the lockfile says, without install scripts. */
export async function proposeInstall(
  project: Project,
  { packageManager }: PackageJson,
): Promise<Partial<Proposal>> {
  const names = await project.names();
  const found = lockfiles.filter(({ files }) => files.some((file) => names.includes(file)));
  const named = (packageManager ?? '').split('@', 1)[0];
  const chosen = found.find(({ manager }) => manager === named) ?? found[0];
  if (chosen === undefined) return withoutLockfile(named);
  const step = await chosen.step(project);
  if (found.length === 1) return step;
  const others = found.filter((other) => other !== chosen).flatMap(({ files }) => files[0] ?? []);
  const note = `There are several lockfiles: install uses that of ${chosen.manager}, not ${others.join(', ')}.`;
  return { ...step, notes: [...(step.notes ?? []), note] };
}

function withoutLockfile(named: string | undefined): Partial<Proposal> {
  const note =
    'There is no lockfile beside package.json, so every run may install other versions: commit one, then write its install step here. In a package of a workspace, write the gates file at the top instead.';
  if (named !== undefined && named !== '' && named !== 'npm') return { notes: [note] };
  const step = 'npm install --ignore-scripts --no-package-lock --no-audit --no-fund';
  return { install: [step], notes: [note] };
}

function always(step: ProposedStep): () => Promise<Partial<Proposal>> {
  return () => Promise.resolve({ install: [step] });
}

/** Yarn 1 and the later ones have the same name for their lockfile, and different options. */
async function yarn(project: Project): Promise<Partial<Proposal>> {
  const settings = await project.text('.yarnrc.yml');
  const isClassic =
    settings === undefined && !(await project.head('yarn.lock')).includes('__metadata:');
  if (isClassic) return { install: ['yarn install --frozen-lockfile --ignore-scripts'] };
  const env = { YARN_ENABLE_SCRIPTS: 'false' };
  const command = 'yarn install --immutable';
  if (/^nodeLinker:\s*["']?node-modules/m.test(settings ?? ''))
    return { install: [{ command, env }] };
  return {
    install: [{ command, env: { ...env, YARN_NODE_LINKER: 'node-modules' } }],
    notes: [
      'Yarn would install without node_modules (Plug’n’Play), where no tool is found: install sets YARN_NODE_LINKER=node-modules.',
    ],
  };
}
