import {
  evaluateModel,
  greedyModel,
  labelledModel,
  randomModel,
  readGold,
  type Evaluation,
} from '../test/support/gold.ts';

/**
 * Results of scripted models on the labelled issues, through the acceptance and merge rules of the service:
 * `npm run bench -- eval-model`, or `npm run bench -- eval-model issues.jsonl`. The first answers the labels, the others
 * lie. No live model is measured here.
 */
const rows = readGold(process.argv[2]);
const models = [
  labelledModel,
  greedyModel('blocked_by'),
  greedyModel('blocks'),
  randomModel(1),
  randomModel(2),
];

for (const model of models) print(evaluateModel(rows, model));

function print(result: Evaluation): void {
  const { right, wrong, missed, implicit, implicitFound, ofModel, ofModelRight } = result;
  const f1 = (2 * right) / (2 * right + wrong + missed.length);
  const lines = [
    `${result.name}: F1 ${f1.toFixed(3)} (${right} right, ${wrong} wrong, ${missed.length} missed), implicit edges ${implicitFound} of ${implicit}`,
    `  edges that only the model names: ${ofModel}, of these right ${ofModelRight}${share(ofModelRight, ofModel)}`,
    `  of them ruled out by the grammar: ${list(result.ruledOut)}`,
    `  of them labelled as no dependency: ${list(result.traps)}`,
    ...(isLabelled(result) ? [`  missed: ${list(missed)}`] : []),
  ];
  process.stdout.write(`${lines.join('\n')}\n\n`);
}

/** Misses of the other models do not matter: they lie on purpose. */
function isLabelled({ name }: Evaluation): boolean {
  return name === labelledModel.name;
}

function share(part: number, whole: number): string {
  return whole === 0 ? '' : ` (${((100 * part) / whole).toFixed(1)} %)`;
}

function list(items: readonly string[]): string {
  return items.length === 0 ? 'none' : `${items.length}\n    ${items.join('\n    ')}`;
}
