import { z } from 'zod';

import type { Finding } from '../gate.ts';
import { parseReport } from './parse-report.ts';
import { relativeFile } from './relative-file.ts';

export interface EslintReport {
  readonly files: number;
  readonly errors: number;
  readonly warnings: number;
  readonly findings: readonly Finding[];
}

/** Reads a report of eslint's formatter `json`; undefined for anything else. */
export function parseEslintReport(text: string, directory: string): EslintReport | undefined {
  const files = parseReport(text, report);
  if (!files) return undefined;
  return {
    files: files.length,
    errors: files.reduce((sum, file) => sum + file.errorCount, 0),
    warnings: files.reduce((sum, file) => sum + file.warningCount, 0),
    findings: files.flatMap(({ filePath, messages }) =>
      messages.map((message) => toFinding(relativeFile(directory, filePath), message)),
    ),
  };
}

const count = z.int().nonnegative();
const message = z.object({
  ruleId: z.string().nullable(),
  severity: z.union([z.literal(1), z.literal(2)]),
  message: z.string(),
  line: z.int().optional(),
  column: z.int().optional(),
});
const report = z.array(
  z.object({
    filePath: z.string(),
    messages: z.array(message),
    errorCount: count,
    warningCount: count,
  }),
);

function toFinding(file: string, found: z.infer<typeof message>): Finding {
  return {
    file,
    line: found.line ?? null,
    column: found.column ?? null,
    rule: found.ruleId,
    message: found.message,
    severity: found.severity === 2 ? 'error' : 'warning',
  };
}
