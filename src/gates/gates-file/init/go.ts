import type { Project } from './project.ts';
import { nothing, proposedCoverage, type Proposal, type ProposedGate } from './proposal.ts';

/** Programs that make reports of what `go test` says; a module names them as its tools (`go get -tool`). */
const gotestsum = 'gotest.tools/gotestsum';
const cobertura = 'github.com/boumenot/gocover-cobertura';
const golangciLint = 'github.com/golangci/golangci-lint';

/** Gates that run the commands of Go. */
export async function proposeGo(project: Project): Promise<Proposal> {
  if (!(await project.has('go.mod'))) return nothing;
  const module = (await project.text('go.mod')) ?? '';
  const { gates, notes } = tests(module);
  const workspace = (await project.has('go.work'))
    ? [
        'go.work names several modules, and ./... is that at the top alone: add gates for the others, with "in".',
      ]
    : [];
  return {
    install: ['go mod download'],
    build: [],
    gates: [
      ['build', { command: 'go build ./...' }],
      ['lint', await lint(project, module)],
      ...gates,
    ],
    notes: [...workspace, ...notes],
  };
}

/** golangci-lint where it is configured, else `go vet`. */
async function lint(project: Project, module: string): Promise<ProposedGate> {
  const file = (await project.names()).find((name) => /^\.golangci\.(ya?ml|toml|json)$/.test(name));
  if (file === undefined) return { command: 'go vet ./...' };
  const program = module.includes(golangciLint) ? 'go tool golangci-lint' : 'golangci-lint';
  const text = (await project.text(file)) ?? '';
  // The option is of version 2, whose configuration says so.
  if (!/^\s*"?version"?\s*[:=]\s*["']?2/m.test(text)) return { command: `${program} run ./...` };
  const command = `${program} run --output.sarif.path=lint.sarif ./...`;
  return { command, sarif: 'lint.sarif' };
}

function tests(module: string): Pick<Proposal, 'gates' | 'notes'> {
  const counts = module.includes(gotestsum);
  const measures = module.includes(cobertura);
  const profile = measures ? ' -coverprofile=cover.out -coverpkg=./...' : '';
  const run = counts ? `go tool gotestsum --junitfile junit.xml --${profile}` : `go test${profile}`;
  const convert = '; tests=$?; go tool gocover-cobertura < cover.out > coverage.xml; exit $tests';
  const command = `${run} ./...${measures ? convert : ''}`;
  const coverage = { reportOf: 'test', cobertura: 'coverage.xml', thresholds: proposedCoverage };
  const missing = [...(counts ? [] : [gotestsum]), ...(measures ? [] : [cobertura])];
  const note = `Go writes neither JUnit nor Cobertura itself, so ${counts ? 'coverage is not measured' : measures ? 'test is judged by its exit code alone' : 'test is judged by its exit code alone and coverage is not measured'}: run go get -tool ${missing.join(' ')} and write this file anew.`;
  return {
    gates: [
      ['test', counts ? { command, junit: 'junit.xml' } : { command }],
      ...(measures ? [['coverage', coverage] as const] : []),
    ],
    notes: missing.length > 0 ? [note] : [],
  };
}
