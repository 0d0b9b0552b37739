import { parse } from 'smol-toml';
import { z } from 'zod';

import type { Project } from './project.ts';
import { isPlace, nothing, type NamedGate, type Proposal } from './proposal.ts';

const nextestFile = '.config/nextest.toml';
const nextestSchema = z.object({
  profile: z.record(
    z.string(),
    z.object({ junit: z.object({ path: z.string() }) }).catch({ junit: { path: '' } }),
  ),
});

/** Gates that run cargo. */
export async function proposeRust(project: Project): Promise<Proposal> {
  if (!(await project.has('Cargo.toml'))) return nothing;
  const locked = await project.has('Cargo.lock');
  const flag = locked ? ' --locked' : '';
  const notes = [
    ...(locked ? [] : ['There is no Cargo.lock, so a run may use other versions: commit one.']),
    'Coverage is not measured: with cargo-llvm-cov on the machine add {"command": "cargo llvm-cov --workspace --lcov --output-path lcov.info", "lcov": "lcov.info", "thresholds": 85}.',
  ];
  const { gate, note } = await tests(project, flag);
  return {
    install: [`cargo fetch${flag}`],
    build: [],
    gates: [
      ['build', { command: `cargo check --workspace --all-targets${flag}` }],
      ['lint', { command: `cargo clippy --workspace --all-targets${flag} -- -D warnings` }],
      gate,
    ],
    notes: [...notes, ...(note === undefined ? [] : [note])],
  };
}

async function tests(
  project: Project,
  flag: string,
): Promise<{ readonly gate: NamedGate; readonly note?: string }> {
  const profile = await junitProfile(project);
  if (profile !== undefined) {
    const command = `cargo nextest run --workspace --profile ${profile.name}${flag}`;
    return { gate: ['test', { command, junit: profile.path }] };
  }
  const gate: NamedGate = ['test', { command: `cargo test --workspace${flag}` }];
  const note =
    'cargo test writes no JUnit, so test is judged by its exit code alone: cargo-nextest writes it when .config/nextest.toml holds [profile.ci.junit] with a path.';
  return { gate, note };
}

/** The first profile of cargo-nextest that writes JUnit, `ci` before others. */
async function junitProfile(
  project: Project,
): Promise<{ readonly name: string; readonly path: string } | undefined> {
  const text = await project.text(nextestFile);
  const { data } = nextestSchema.safeParse(text === undefined ? undefined : parseToml(text));
  const profiles = Object.entries(data?.profile ?? {}).flatMap(([name, { junit }]) => {
    const path = `target/nextest/${name}/${junit.path}`;
    const usable = junit.path !== '' && isPlace(junit.path) && /^[A-Za-z0-9_-]+$/.test(name);
    return usable ? [{ name, path }] : [];
  });
  return profiles.find(({ name }) => name === 'ci') ?? profiles[0];
}

function parseToml(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}
