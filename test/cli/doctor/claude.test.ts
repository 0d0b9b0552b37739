import { startClaude, claudeEnvironment, fails, type ClaudeScript } from '../../support/claude.ts';
import type { Clinic } from '../../support/doctor.ts';
import { testCases } from './cases.ts';

/** Answers as the API does when it does not know a model. */
const unknownModel: ClaudeScript = ({ model }, response) => {
  response.writeHead(404, { 'content-type': 'application/json' });
  const error = { type: 'not_found_error', message: `model: ${model}` };
  response.end(JSON.stringify({ type: 'error', error }));
};
const knownModel: ClaudeScript = (_call, response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end('{"input_tokens":9}');
};

async function askClaude({ environment }: Clinic, script: ClaudeScript): Promise<void> {
  Object.assign(environment, claudeEnvironment((await startClaude(script)).url));
}

testCases([
  {
    what: 'there is no such model',
    breakIt: (clinic) => askClaude(clinic, unknownModel),
    code: 2,
    name: 'claude',
    text: /no model claude-sonnet-5-5/,
    cure: /Correct CLAUDE_MODEL/,
  },
  {
    what: 'there is no such fallback model',
    breakIt: (clinic) =>
      askClaude(clinic, (call, response) =>
        (call.model.includes('opus') ? unknownModel : knownModel)(call, response),
      ),
    code: 1,
    name: 'claude fallback',
    text: /no model claude-opus-5-5/,
    cure: /CLAUDE_FALLBACK_MODEL/,
  },
  {
    what: 'the key of Claude is refused',
    breakIt: (clinic) => askClaude(clinic, fails(401)),
    code: 2,
    name: 'claude',
    text: /key is refused \(status 401\)/,
    cure: /ANTHROPIC_API_KEY/,
  },
  {
    what: 'Claude cannot be reached',
    breakIt: ({ environment }) =>
      void Object.assign(environment, claudeEnvironment('http://127.0.0.1:2')),
    code: 1,
    name: 'claude',
    text: /does not answer \(ECONNREFUSED\)/,
    cure: /proxy/,
  },
  {
    what: 'what answers is not Claude',
    breakIt: (clinic) =>
      askClaude(clinic, (_call, response) => response.end('<html>Welcome</html>')),
    code: 2,
    name: 'claude',
    text: /does not speak the API/,
    cure: /ANTHROPIC_BASE_URL/,
  },
]);
