/** Words addressed to the program that reads the issue (prompt injection). The rest of their paragraph declares nothing. */
const instructions: readonly RegExp[] = [
  /\b(?:ignor(?:e|ing)|disregard|forget|overrid(?:e|ing)|bypass)\b[^.\n]{0,40}\b(?:instructions?|rules?|prompts?|polic(?:y|ies)|guidelines?|directives?|above|previous|prior|earlier text|everything)\b/,
  /\b(?:system|developer|admin|root)\s+(?:notice|prompt|message|note|override|instruction|command|update|alert)\b|^\W*(?:important\W+)?(?:system|assistant|developer|override)\s*:|<\/?(?:system|instructions?|assistant|user)>|\[\/?inst\]|<\|/,
  /^\W*(?:important |urgent |special |ps:? )?(?:note|notice|message|instructions?|attention|hint|reminder|order|memo|request|hey|dear|hello|hi|hallo|for|to)\b[\s:,]*(?:to|for)?[\s:,]*(?:the |any |all |our |your )*(?:\w+[\s-])?(?:triage|parser|reader|reading|bot|coordinator|planner|planning|classifier|extractor|llms?|language models?|models?|a\.?i\.?|agents?|assistant|claude|gpt|chatgpt|scheduler|automation|program|machine)s?(?:[\s-](?:service|program|bot|agent|model|system|assistant|reader|parser|tool|software|script|step|pipeline))?\s*(?:[:,!—–-]|\breading this\b|$)/,
  /\b(?:you are|act as|behave as|pretend to be|as) (?:now )?(?:a|an|the) (?:\w+ ){0,2}(?:assistant|language model|ai|llm|triage|parser|bot|planner|coordinator|reader)\b/,
  /^\W*(?:\w+[\s-])?(?:bot|ai|llm|parser|coordinator|assistant|model|claude|agent)[\s:,]+(?:please )?(?:set|mark|record|report|treat|add|register|output|answer|return|classify|ignore|assume|use|put|make|list|change|assign)\b/,
  /\b(?:mark|set|flag|record|register|treat|report|label|classify|list|tag|count|log|store|declare)\b[^.,;\n]{0,40}\bas (?:being )?(?:block|depend|wait|requir|a (?:blocker|dependency))/,
  /\b(?:set|output|return|respond with|answer with|emit|print|write|force|change)\b[^.\n]{0,30}\b(?:blocked_?by|blocks|dependencies|estimated_?context|assigned_?agent|difficulty|agent|estimate|json|size)\b(?:[^.\n]{0,15}(?:\bto\b|=|:)|[^.\n]{0,20}\{)/,
  /\b(?:ai|llm|language model|bot|parser|agent|assistant)s? (?:that reads?|reading|processing|parsing|handling) (?:this|the)\b|\bif you are (?:an? )?(?:ai|llm|bot|language model|assistant|program|machine|model)\b/,
  /\b(?:ignorier\w*|missachte\w*|vergiss|ignor(?:a|e|ez|ieren|are)|oublie[zr]?|olvida|negeer|zignoruj|игнорируй\w*)\b[^.\n]{0,40}\b(?:anweisung\w*|instruktion\w*|instruccion\w*|instrucciones|instructions?|consignes|istruzioni|instructies|instruções|polecenia|инструкци\w*)/,
];

/** Maximum length of a passage that is searched for such words. */
const maxSearched = 20_000;

/** Minimum length of an instruction. */
const minLength = 8;

/** True when a passage talks to the program that reads it. Such a passage declares nothing about the issue. */
export function isInstruction(text: string): boolean {
  if (text.length < minLength) return false;
  const plain = text.slice(0, maxSearched).toLowerCase();
  return plain.split(/\n|(?<=[.!?])\s/).some((sentence) => {
    const start = sentence.slice(0, 1_000);
    return instructions.some((pattern) => pattern.test(start));
  });
}
