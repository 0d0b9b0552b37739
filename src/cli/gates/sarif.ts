import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import { SarifBuilder, SarifResultBuilder, SarifRunBuilder } from 'node-sarif-builder';

import type { Finding, GateResult } from '../../gates/gate.ts';
import type { GatesReport } from '../../gates/report.ts';
import { namesInRepository } from './repository-path.ts';
import { formatJson } from '../output.ts';

const schema = 'https://json.schemastore.org/sarif-2.1.0.json';

/**
 * SARIF 2.1.0, a run a gate. Findings of a gate that does not count are notes. A gate that gave no verdict is a run
 * whose execution was not successful, so that no findings is not taken for none found.
 */
export function renderSarif(report: GatesReport): string {
  const log = new SarifBuilder({ $schema: schema });
  const nameOf = namesInRepository(report.directory);
  const uri = (file: string) => uriOf(nameOf(file), resolve(report.directory, file));
  for (const result of report.gates) log.addRun(runOf(result, report, uri));
  // Not the text of the builder: it refuses any that holds a certain word, which a tool may well print.
  return formatJson(log.buildSarifOutput());
}

type UriOf = (file: string) => string;

function runOf(result: GateResult, { startedAt, commit }: GatesReport, uri: UriOf) {
  const { gate, status, counts, judgedBy, message, findings, findingsOmitted, tool } = result;
  const isVerdict = status === 'passed' || status === 'failed';
  const run = new SarifRunBuilder({
    automationDetails: { id: `coordinator/${gate}/` },
    invocations: [
      {
        executionSuccessful: isVerdict,
        startTimeUtc: startedAt,
        toolExecutionNotifications: isVerdict
          ? []
          : [{ level: counts ? 'error' : 'note', message: { text: message } }],
      },
    ],
    properties: { gate, status, counts, judgedBy, message, findingsOmitted, commit },
  }).initSimple({
    toolDriverName: tool?.name ?? `coordinator/${gate}`,
    toolDriverVersion: tool?.version ?? '',
  });
  if (tool === null || tool.version === '') delete run.run.tool.driver.version;
  const rules = new Set(findings.map((finding) => finding.rule ?? gate));
  if (status === 'failed' && findings.length === 0) rules.add(gate);
  run.run.tool.driver.rules = [...rules].map((id) => ({ id }));
  for (const finding of findings) run.addResult(resultOf(finding, result, uri));
  if (status === 'failed' && findings.length === 0)
    run.addResult(resultOf({ ...wholeGate, message }, result, uri));
  return run;
}

const wholeGate = {
  ...{ file: null, line: null, column: null, rule: null },
  severity: 'error',
} as const;

function resultOf(finding: Finding, { gate, counts }: GateResult, uri: UriOf) {
  const { file, line, column, rule, message, severity } = finding;
  const result = new SarifResultBuilder({
    level: counts ? severity : 'note',
    message: { text: message },
    ruleId: rule ?? gate,
  });
  if (file === null) return result;
  result.setLocationArtifactUri({ uri: uri(file) });
  if (line !== null && line > 0)
    result.setLocationRegion({
      startLine: line,
      ...(column !== null && column > 0 ? { startColumn: column } : {}),
    });
  return result;
}

/** A reference relative to the repository, or a whole URL outside of it, with what a URI has no place for encoded. */
function uriOf(path: string, absolute: string): string {
  if (path.startsWith('../')) return pathToFileURL(absolute).href;
  const root = pathToFileURL('/').href;
  return pathToFileURL(`/${path}`).href.slice(root.length);
}
