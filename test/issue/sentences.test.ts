import fc from 'fast-check';
import { expect, test } from 'vitest';

import {
  reasonText,
  chosenAgentSchema,
  parkingReasonSchema,
  parseParkingReason,
  parseStateReason,
  stateReasonSchema,
} from '../../src/issue/reasons.ts';
import { warningSentences, warningText } from '../../src/issue/warning-sentences.ts';
import { warningSchema, warningsSchema } from '../../src/issue/warnings.ts';
import { commentReasons } from '../../src/publish/comment/reasons.ts';
import { commentWarnings } from '../../src/publish/comment/warnings.ts';
import { arbitraryOf } from '../support/arbitrary-of.ts';

const text = fc.oneof(fc.string({ maxLength: 40 }), fc.constant('acme/orbit#12'));
const warnings = arbitraryOf(warningSchema, text).map((any) => warningSchema.parse(any));
const reasons = arbitraryOf(stateReasonSchema, text).map((any) => stateReasonSchema.parse(any));
const parkings = arbitraryOf(parkingReasonSchema, text).map((any) =>
  parkingReasonSchema.parse(any),
);
const choices = arbitraryOf(chosenAgentSchema, text).map((any) => chosenAgentSchema.parse(any));

test('both audiences have a sentence for every warning', () => {
  expect(Object.keys(commentWarnings).sort()).toEqual(Object.keys(warningSentences).sort());
  const seen = new Set<string>();
  fc.assert(
    fc.property(warnings, (warning) => {
      seen.add(warning.code);
      expect(warningText(warning)).toMatch(/[\s\S]+\.$/);
    }),
    { numRuns: 3_000 },
  );
  expect([...seen].sort()).toEqual(Object.keys(warningSentences).sort());
});

test('both audiences have a sentence for every reason', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(reasons, (reason) => {
      seen.add(reason.code);
      expect(reasonText(reason)).toMatch(/[\s\S]+\.$/);
    }),
    { numRuns: 1_000 },
  );
  expect([...seen].sort()).toEqual(Object.keys(commentReasons).sort());
});

test('warnings and reasons come out of the store as they were put in', () => {
  const stored = (value: unknown) => JSON.stringify(value);
  const read = (json: string): unknown => JSON.parse(json);
  fc.assert(
    fc.property(fc.array(warnings), reasons, parkings, choices, (all, reason, parking, choice) => {
      expect(warningsSchema.parse(read(stored(all)))).toEqual(all);
      expect(parseStateReason(reason.code, stored(reason.params))).toEqual(reason);
      expect(parseParkingReason(parking.code, stored(parking.params))).toEqual(parking);
      expect(chosenAgentSchema.parse(read(stored(choice)))).toEqual(choice);
    }),
  );
});

test('what no version of the store has is refused', () => {
  expect(warningSchema.safeParse({ code: 'constructor', params: {} }).success).toBe(false);
  expect(warningSchema.safeParse({ code: 'target_missing', params: {} }).success).toBe(false);
  expect(() => parseStateReason('not_of_this_version', '{}')).toThrow();
});
