import {
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { runCommandLine } from '../../../src/cli/command-line.ts';
import { temporaryDirectory } from '../../support/service.ts';

const settingsPath = '.claude/settings.local.json';

async function connect(args: readonly string[], url = 'https://plan.example/mosaic/') {
  let out = '';
  let err = '';
  const code = await runCommandLine(['connect', ...args], {
    stdout: { write: (text) => (out += text) },
    stderr: { write: (text) => (err += text) },
    environment: () => ({ COORDINATOR_URL: url }),
  });
  return { code, out, err };
}

/** A project with these files; `read` and `write` work on them. */
function project(files: Readonly<Record<string, string>> = {}) {
  const directory = temporaryDirectory();
  mkdirSync(join(directory, '.claude'));
  for (const [path, text] of Object.entries(files)) writeFileSync(join(directory, path), text);
  const at = ['--write', '--directory', directory];
  const read = (path: string) => readFileSync(join(directory, path), 'utf8');
  return {
    directory,
    read,
    claude: (url?: string) => connect(['claude', ...at], url),
    agents: () => connect(['agents-md', ...at]),
  };
}

test('prints what Claude Code needs, with variables in place of secrets', async () => {
  const { code, out } = await connect(['claude']);
  expect(code).toBe(0);
  expect(out).toMatchInlineSnapshot(`
    ".claude/settings.local.json:
    {
      "statusLine": {
        "type": "command",
        "command": "[ -z \\"$MOSAIC_CLAIM_ID\\" ] || { body=$(cat); printf 'Authorization: Bearer %s\\\\nX-Claim-Token: %s\\\\n' \\"$MOSAIC_TOKEN\\" \\"$MOSAIC_CLAIM_TOKEN\\" | curl -sS -m 5 -H @- -H 'Content-Type: application/json' --data-binary \\"$body\\" 'https://plan.example/mosaic/api/v1/claims/'\\"$MOSAIC_CLAIM_ID/statusline\\" | sed -n 's/.*\\"action\\":\\"\\\\([a-z]*\\\\)\\".*/coordinator: \\\\1/p'; }"
      },
      "hooks": {
        "Stop": [
          {
            "hooks": [
              {
                "type": "http",
                "url": "https://plan.example/mosaic/api/v1/hooks/claude-code",
                "headers": {
                  "Authorization": "Bearer $MOSAIC_TOKEN",
                  "X-Claim-Id": "$MOSAIC_CLAIM_ID",
                  "X-Claim-Token": "$MOSAIC_CLAIM_TOKEN"
                },
                "allowedEnvVars": [
                  "MOSAIC_TOKEN",
                  "MOSAIC_CLAIM_ID",
                  "MOSAIC_CLAIM_TOKEN"
                ],
                "timeout": 10
              }
            ]
          }
        ],
        "PreCompact": [
          {
            "hooks": [
              {
                "type": "http",
                "url": "https://plan.example/mosaic/api/v1/hooks/claude-code",
                "headers": {
                  "Authorization": "Bearer $MOSAIC_TOKEN",
                  "X-Claim-Id": "$MOSAIC_CLAIM_ID",
                  "X-Claim-Token": "$MOSAIC_CLAIM_TOKEN"
                },
                "allowedEnvVars": [
                  "MOSAIC_TOKEN",
                  "MOSAIC_CLAIM_ID",
                  "MOSAIC_CLAIM_TOKEN"
                ],
                "timeout": 10
              }
            ]
          }
        ],
        "StopFailure": [
          {
            "hooks": [
              {
                "type": "http",
                "url": "https://plan.example/mosaic/api/v1/hooks/claude-code",
                "headers": {
                  "Authorization": "Bearer $MOSAIC_TOKEN",
                  "X-Claim-Id": "$MOSAIC_CLAIM_ID",
                  "X-Claim-Token": "$MOSAIC_CLAIM_TOKEN"
                },
                "allowedEnvVars": [
                  "MOSAIC_TOKEN",
                  "MOSAIC_CLAIM_ID",
                  "MOSAIC_CLAIM_TOKEN"
                ],
                "timeout": 10
              }
            ]
          }
        ],
        "SessionEnd": [
          {
            "hooks": [
              {
                "type": "http",
                "url": "https://plan.example/mosaic/api/v1/hooks/claude-code",
                "headers": {
                  "Authorization": "Bearer $MOSAIC_TOKEN",
                  "X-Claim-Id": "$MOSAIC_CLAIM_ID",
                  "X-Claim-Token": "$MOSAIC_CLAIM_TOKEN"
                },
                "allowedEnvVars": [
                  "MOSAIC_TOKEN",
                  "MOSAIC_CLAIM_ID",
                  "MOSAIC_CLAIM_TOKEN"
                ],
                "timeout": 10
              }
            ]
          }
        ]
      },
      "enabledMcpjsonServers": [
        "mosaic-coordinator"
      ]
    }
    .mcp.json:
    {
      "mcpServers": {
        "mosaic-coordinator": {
          "type": "http",
          "url": "https://plan.example/mosaic/mcp",
          "headers": {
            "Authorization": "Bearer \${MOSAIC_TOKEN}"
          }
        }
      }
    }
    "
  `);
});

test('merges into settings with hooks and a status line of their own, and a second run changes nothing', async () => {
  const own = {
    permissions: { allow: ['Bash(npm test)'] },
    hooks: {
      Stop: [{ matcher: '', hooks: [{ type: 'command', command: 'say done' }] }],
      PostToolUse: [{ matcher: 'Edit', hooks: [{ type: 'command', command: 'prettier' }] }],
    },
    statusLine: { type: 'command', command: 'my-status', padding: 0 },
    enabledMcpjsonServers: ['other'],
    somethingNew: [1, { a: null }],
  };
  const servers = { mcpServers: { other: { command: 'other' } } };
  const { read, claude, directory } = project({
    [settingsPath]: JSON.stringify(own, undefined, 4),
    '.mcp.json': JSON.stringify(servers),
  });
  const first = await claude();
  expect([first.code, first.out]).toEqual([
    0,
    expect.stringContaining(`${settingsPath} has a status line of its own, which stays`),
  ]);
  const text = read(settingsPath);
  const merged: unknown = JSON.parse(text);
  expect(merged).toMatchObject({
    ...{ permissions: own.permissions, statusLine: own.statusLine, somethingNew: own.somethingNew },
    enabledMcpjsonServers: ['other', 'mosaic-coordinator'],
    hooks: {
      PostToolUse: own.hooks.PostToolUse,
      Stop: [
        ...own.hooks.Stop,
        { hooks: [{ url: 'https://plan.example/mosaic/api/v1/hooks/claude-code' }] },
      ],
      StopFailure: [{}],
      PreCompact: [{}],
      SessionEnd: [{}],
    },
  });
  expect(text).toMatch(/^\{\n {4}"permissions"/);
  expect(JSON.parse(read('.mcp.json'))).toMatchObject({
    mcpServers: { ...servers.mcpServers, 'mosaic-coordinator': { type: 'http' } },
  });

  const second = await claude();
  expect(second.out).toContain(`${settingsPath}: nothing to change.`);
  expect(second.out).toContain('.mcp.json: nothing to change.');
  expect(read(settingsPath)).toBe(text);
  expect(readdirSync(join(directory, '.claude'))).toEqual(['settings.local.json']);
});

test('brings what an earlier run wrote up to date, where it is', async () => {
  const { read, claude } = project();
  await claude('http://old:8000');
  await claude('http://new:8000');
  const text = read(settingsPath) + read('.mcp.json');
  expect(text).not.toContain('old');
  expect(text.match(/hooks\/claude-code/g)).toHaveLength(4);
});

test.each([
  ['{"hooks": {', 'is not JSON'],
  ['[]', 'has a value that Claude Code does not take, so nothing was changed'],
  ['{"hooks": {"Stop": {}}}', 'at hooks.Stop'],
  ['{"n": 12345678901234567890}', 'A value would be lost at "n"'],
  ['{"__proto__": {}}', 'A value would be lost'],
])('refuses a file with %s, and changes nothing', async (broken, why) => {
  const { read, claude, directory } = project({ [settingsPath]: '{}', '.mcp.json': '{}' });
  writeFileSync(join(directory, settingsPath), broken);
  const { code, err } = await claude();
  expect([code, err]).toEqual([1, expect.stringContaining(why)]);
  expect([read(settingsPath), read('.mcp.json')]).toEqual([broken, '{}']);
});

test('a file that is a link stays one', async () => {
  const { directory, read, claude } = project({ 'shared.json': '{"a":1}' });
  symlinkSync('../shared.json', join(directory, settingsPath));
  expect((await claude()).code).toBe(0);
  expect(read('shared.json')).toContain('"a": 1');
  expect(read('shared.json')).toContain('statusLine');
});

test('a link to nothing, or to itself, is not replaced', async () => {
  for (const target of ['../nothing.json', 'settings.local.json']) {
    const { directory, claude } = project();
    symlinkSync(target, join(directory, settingsPath));
    const { code, err } = await claude();
    expect([code, err]).toEqual([1, expect.stringContaining('Cannot read')]);
    expect(readlinkSync(join(directory, settingsPath))).toBe(target);
  }
});

test('needs to know where the coordinator is', async () => {
  const { code, err } = await connect(['claude'], '');
  expect([code, err]).toEqual([2, expect.stringContaining('COORDINATOR_URL')]);
});

test('puts a section of less than 60 lines into AGENTS.md, once', async () => {
  const { out } = await connect(['agents-md']);
  expect(out.split('\n').length).toBeLessThan(60);

  const { read, agents, directory } = project({ 'AGENTS.md': '# Our rules\n\nBe kind.\n' });
  await agents();
  expect(read('AGENTS.md')).toBe(`# Our rules\n\nBe kind.\n\n${out}`);
  writeFileSync(
    join(directory, 'AGENTS.md'),
    `Before.\n${out.replace('Take one issue', 'Old')}After.\n`,
  );
  await agents();
  expect(read('AGENTS.md')).toBe(`Before.\n${out}After.\n`);
  expect((await agents()).out).toBe('AGENTS.md: nothing to change.\n');

  const half = out.replace('<!-- mosaic-coordinator: end -->', '');
  writeFileSync(join(directory, 'AGENTS.md'), half);
  const { code, err } = await agents();
  expect([code, err]).toEqual([1, expect.stringContaining('not exactly once')]);
  expect(read('AGENTS.md')).toBe(half);
});
