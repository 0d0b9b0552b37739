import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { z } from 'zod';

import { doctor } from '../../src/cli/commands/doctor.ts';
import type { Environment } from '../../src/config.ts';
import { giteaToken, startGitea, type FakeGitea } from '../fake-gitea/gitea.ts';
import { startService, temporaryDirectory, testEnvironment, type Service } from './service.ts';

const reportSchema = z.object({
  verdict: z.enum(['ok', 'warnings', 'broken']),
  findings: z.array(
    z.object({
      name: z.string(),
      mark: z.string(),
      text: z.string(),
      cure: z.string().nullable(),
    }),
  ),
});
export type DoctorReport = z.infer<typeof reportSchema>;

export interface Clinic {
  readonly fake: FakeGitea;
  readonly service: Service;
  /** The environment that the doctor is given, beside that of the service. */
  readonly environment: Record<string, string | undefined>;
  /** Options as of the command line. */
  readonly options: Record<string, unknown>;
  /** The doctor's clock. */
  now: () => number;
}

export interface ClinicOptions {
  /** Of the service as well as of the doctor. */
  readonly env?: Environment;
}

/** The doctor's probe, which removes a label that the issue does not have. */
const probeWrite = /^DELETE \/repos\/acme\/[\w-]+\/issues\/\d+\/labels\/\d+$/;

/** The try of a scope: it names no issue, so nothing is written. */
const triedScope = /^PATCH \/repos\/-\/-\/issues\/0$/;

/** A set-up in which everything is right: one repository with an issue and a label, a hook, a running service. */
export async function openClinic({ env = {} }: ClinicOptions = {}): Promise<Clinic> {
  const fake = await startGitea();
  const label = { id: 11, name: 'bug', exclusive: false, color: 'ee0701', description: '' };
  fake.repositories.set(2, {
    name: 'acme/orbit',
    issues: new Map([[7, { title: 'First', body: '', open: true, assignees: [], labels: [] }]]),
    labels: [label],
  });
  const directory = temporaryDirectory();
  const access = { GITEA_URL: fake.url, GITEA_TOKEN: giteaToken, ...env };
  const service = await startService({
    directory,
    gitea: fake,
    env,
    expectAtEnd: { writes: [probeWrite, triedScope] },
  });
  fake.addHook({ repository: 'acme/orbit', url: webhookUrl(service) });
  await service.reconcile();
  const tokenFile = join(directory, 'maria.token');
  writeFileSync(tokenFile, `${fake.tokenOf('maria')}\n`);
  const { port } = new URL(service.url);
  const environment = testEnvironment(directory, { ...access, PORT: port });
  return {
    fake,
    service,
    environment: { ...environment },
    options: { tokenFile },
    now: Date.now,
  };
}

export function webhookUrl({ url }: Pick<Service, 'url'>): string {
  return `${url}/webhook/gitea`;
}

/** The only hook there is, made anew with something else about it. */
export function changeHook({ fake }: Clinic, change: Parameters<FakeGitea['addHook']>[0]): void {
  fake.hooks.clear();
  fake.addHook({ repository: 'acme/orbit', ...change });
}

/** Runs the doctor as its command does, with less patience, by default into a pipe. */
export async function examine(
  { environment, options, now }: Clinic,
  terminal: { readonly columns?: number } = {},
) {
  let text = '';
  const code = await doctor(
    {
      stdout: { write: (written) => (text += written), ...terminal },
      stderr: { write: () => undefined },
      environment: () => environment,
    },
    options,
    { now, pollMs: 20, patienceMs: 600 },
  );
  return { code, text };
}

/** The same, as the JSON it prints with `--json`. */
export async function examineJson(
  clinic: Clinic,
): Promise<DoctorReport & { readonly code: number }> {
  const { code, text } = await examine({ ...clinic, options: { ...clinic.options, json: true } });
  return { code, ...reportSchema.parse(JSON.parse(text)) };
}
