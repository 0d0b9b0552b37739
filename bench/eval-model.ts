import { z } from 'zod';

import { callDeadlineMs } from '../src/claude/client.ts';
import { builtInAgents } from '../src/planning/built-in-agents.ts';
import { answerFormat } from '../src/reading/model/answer.ts';
import { modelQuestion, systemPrompt, userTurn } from '../src/reading/model/question.ts';
import {
  askedAbout,
  evaluateModel,
  f1,
  implicitF1,
  precision,
  readGold,
  readLabelled,
  type Evaluation,
} from '../test/support/gold.ts';
import {
  erringModel,
  greedyModel,
  labelledModel,
  randomModel,
} from '../test/support/scripted-models.ts';

/**
 * Results of scripted models on the labelled issues, through the acceptance and merge rules of the service:
 * `npm run bench -- eval-model`, or `npm run bench -- eval-model issues.jsonl`. The first answers the labels, the
 * next one errs on some, the others lie. No live model is measured here.
 */
const rows = readGold(process.argv[2]);
const honest = evaluateModel(rows, labelledModel);
/** Maximum lines of a list. */
const maxListed = 10;
/** Runs of a model that errs at random. */
const runs = 20;

print(honest);
printForms();
printErring();
for (const model of [greedyModel('blocked_by'), greedyModel('blocks'), randomModel(1)])
  print(evaluateModel(rows, model));
printTokens();
printDeadlines();

function print(result: Evaluation): void {
  const { right, wrong, missed, implicit, implicitFound, ofModel, ofModelRight } = result;
  write(
    `${result.name}: F1 ${f1(result).toFixed(3)} (${right} right, ${wrong.length} wrong, ${missed.length} missed)`,
    `  implicit edges ${implicitFound} of ${implicit}, F1 ${implicitF1(result).toFixed(3)}`,
    `  edges that only the model names: ${ofModel}, of these right ${ofModelRight}${share(ofModelRight, ofModel)}`,
    `  of them ruled out by the grammar: ${list(result.ruledOut)}`,
    `  of them labelled as no dependency: ${list(result.traps)}`,
    ...(result === honest ? [`  wrong: ${list(wrong)}`, `  missed: ${list(missed)}`] : []),
  );
}

function printForms(): void {
  const forms = Map.groupBy(rows, ({ form }) => form);
  if (forms.size < 2) return;
  const lines = [...forms].map(([form, own]) => {
    const result = evaluateModel(own, labelledModel);
    const { right, wrong, missed } = result;
    const counts = [right, wrong.length, missed.length].map((count) => String(count).padStart(6));
    return `  ${form.padEnd(10)} ${counts.join('')}  ${f1(result).toFixed(3)}`;
  });
  write('by form      right wrong missed  F1', ...lines);
}

/** The second opinion errs as often, on other references. */
function printErring(): void {
  const seeds = Array.from({ length: runs }, (_, index) => index + 1);
  const results = seeds.map((seed) =>
    evaluateModel(rows, erringModel(seed), erringModel(seed + runs)),
  );
  const alone = seeds.map((seed) => evaluateModel(rows, erringModel(seed)));
  const line = (name: string, of: (result: Evaluation) => number, all = results) => {
    const after = all.reduce((sum, result) => sum + of(result), 0) / runs;
    const worst = Math.min(...all.map(of)).toFixed(3);
    return `  ${name.padEnd(40)} ${of(honest).toFixed(3)} -> ${after.toFixed(3)}, worst ${worst}`;
  };
  const disputes = results.reduce((sum, { disputedRight }) => sum + disputedRight, 0) / runs;
  write(
    `errs on 5 % of the references, mean of ${runs} runs; the second opinion errs as often, on others:`,
    line('precision of what blocks', ({ blocking }) => precision(blocking)),
    line('the same without a second opinion', ({ blocking }) => precision(blocking), alone),
    line('precision of all, proposals included', precision, alone),
    `  right edges of the text disputed: ${disputes.toFixed(1)} a run of ${rows.length} issues`,
  );
}

/** There is no tokenizer here: 3.6 characters count as a token. */
function tokensOf(text: string): number {
  return text.length / 3.6;
}

function printTokens(): void {
  const schema = z.toJSONSchema(answerFormat(builtInAgents.map(({ name }) => name)));
  const fixed = tokensOf(systemPrompt) + tokensOf(JSON.stringify(schema));
  const turns = rows.map((row) => tokensOf(userTurn(readLabelled(row).question)));
  const asked = rows.map((row) => readLabelled(row).question.references.length);
  const answers = rows.map((row) =>
    tokensOf(JSON.stringify(labelledModel.answer(askedAbout(row)))),
  );
  const mean = (values: readonly number[]) =>
    Math.round(values.reduce((sum, value) => sum + value, 0) / values.length);
  const references = (asked.reduce((sum, count) => sum + count, 0) / rows.length).toFixed(1);
  write(
    `tokens an issue (characters / 3.6): in ${mean(turns) + Math.round(fixed)} (prompt and schema ${Math.round(fixed)}, ` +
      `text ${mean(turns)}), out ${mean(answers)}; references asked about ${references}`,
  );
}

function printDeadlines(): void {
  const lines = [0, 1, 10, 40].map((count) => {
    const body = Array.from({ length: count }, (_, index) => `Then #${100 + index}.`).join('\n\n');
    const mentions = Array.from({ length: count }, (_, index) => ({
      repository: null,
      number: 100 + index,
      verdict: { kind: 'undecided' as const },
      sentence: `Then #${100 + index}.`,
      evidence: '',
    }));
    const issue = { repository: 'acme/orbit', number: 5, title: 'A list', body, bodyCut: false };
    const { answerTokens } = modelQuestion({ issue, mentions, agentNames: [] });
    const seconds = (callDeadlineMs(answerTokens) / 1_000).toFixed(1);
    return `  ${String(count).padStart(10)}  ${String(answerTokens).padStart(10)}  ${seconds.padStart(6)} s`;
  });
  write('  references  max tokens  deadline', ...lines);
}

function write(...lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n\n`);
}

function share(part: number, whole: number): string {
  return whole === 0 ? '' : ` (${((100 * part) / whole).toFixed(1)} %)`;
}

function list(items: readonly string[]): string {
  if (items.length === 0) return 'none';
  const more = items.length > maxListed ? [`and ${items.length - maxListed} more`] : [];
  return [String(items.length), ...items.slice(0, maxListed), ...more].join('\n    ');
}
