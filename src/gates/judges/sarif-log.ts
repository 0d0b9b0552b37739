import { z } from 'zod';

/** The parts of SARIF 2.1.0 that a verdict rests on. */

const level = z.enum(['none', 'note', 'warning', 'error']);
export type SarifLevel = z.infer<typeof level>;

const artifactLocation = z.object({
  uri: z.string().optional(),
  uriBaseId: z.string().optional(),
  index: z.int().optional(),
});
const message = z.object({ text: z.string().optional(), id: z.string().optional() });
const rule = z.object({
  id: z.string(),
  defaultConfiguration: z.object({ level: level.optional() }).optional(),
});
const result = z.object({
  ruleId: z.string().optional(),
  ruleIndex: z.int().optional(),
  rule: z.object({ id: z.string().optional(), index: z.int().optional() }).optional(),
  kind: z.string().optional(),
  level: level.optional(),
  baselineState: z.string().optional(),
  message: message.optional(),
  locations: z
    .array(
      z.object({
        physicalLocation: z
          .object({
            artifactLocation: artifactLocation.optional(),
            region: z
              .object({ startLine: z.int().optional(), startColumn: z.int().optional() })
              .optional(),
          })
          .optional(),
      }),
    )
    .optional(),
  // An empty list says that none applies.
  suppressions: z.array(z.object({ status: z.string().optional() })).optional(),
});
const notification = z.object({ level: level.optional(), message: message.optional() });

const run = z.object({
  tool: z.object({
    driver: z.object({ name: z.string(), rules: z.array(rule).optional() }),
  }),
  // Absent when the tool did not carry out the run, empty when it found nothing.
  results: z.array(result).nullish(),
  artifacts: z.array(z.object({ location: artifactLocation.optional() })).optional(),
  originalUriBaseIds: z.record(z.string(), artifactLocation).optional(),
  invocations: z
    .array(
      z.object({
        executionSuccessful: z.boolean().optional(),
        toolExecutionNotifications: z.array(notification).optional(),
        toolConfigurationNotifications: z.array(notification).optional(),
      }),
    )
    .optional(),
  externalPropertyFileReferences: z.object({ results: z.array(z.unknown()).optional() }).optional(),
});

export const sarifLog = z.object({ runs: z.array(run) });
export type SarifRun = z.infer<typeof run>;
export type SarifResult = z.infer<typeof result>;
export type SarifLocation = z.infer<typeof artifactLocation>;
