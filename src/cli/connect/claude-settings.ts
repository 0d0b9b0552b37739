import { z } from 'zod';

import { CoordinatorError } from '../../errors.ts';

/** The parts of the two files that matter here; all else stays as it is, and where it is. */
const settingsSchema = z.object({
  statusLine: z.object({ command: z.string().optional() }).optional(),
  hooks: z.record(z.string(), z.array(z.unknown())).optional(),
  enabledMcpjsonServers: z.array(z.unknown()).optional(),
});
const serversSchema = z.object({ mcpServers: z.record(z.string(), z.unknown()).optional() });
const anyObject = z.record(z.string(), z.unknown());

interface Target {
  /** Base URL of the coordinator. */
  readonly url: string;
  /** Name of the file, for messages. */
  readonly path: string;
}

interface Merged {
  readonly value: unknown;
  readonly notes: readonly string[];
}

const serverName = 'mosaic-coordinator';
const hookPath = '/api/v1/hooks/claude-code';
/** Events whose hooks the coordinator answers: findings, compaction, a limit, the end. */
const events = ['Stop', 'PreCompact', 'StopFailure', 'SessionEnd'] as const;
/** Seconds that Claude Code waits for an answer; then it goes on, as if there were no hook. */
const timeoutSeconds = 10;

/** Settings of Claude Code with our status line, hooks and approval of our server; what others put there stays. */
export function mergeSettings(existing: unknown, { url, path }: Target): Merged {
  const {
    statusLine,
    hooks = {},
    enabledMcpjsonServers: servers = [],
  } = parse(settingsSchema, existing, path);
  const isForeign = statusLine !== undefined && !isOurStatusLine(statusLine);
  const ours = hookOf(url);
  const withOurs = events.map((event) => [event, withHook(hooks[event] ?? [], ours)] as const);
  return {
    value: {
      ...parse(anyObject, existing, path),
      ...(isForeign ? {} : { statusLine: { type: 'command', command: statusLineCommand(url) } }),
      hooks: { ...hooks, ...Object.fromEntries(withOurs) },
      enabledMcpjsonServers: servers.includes(serverName) ? servers : [...servers, serverName],
    },
    notes: isForeign
      ? [
          `${path} has a status line of its own, which stays: the coordinator then learns from heartbeats alone how full the context is.`,
        ]
      : [],
  };
}

/** The MCP servers of a project with ours. */
export function mergeServers(existing: unknown, { url, path }: Target): Merged {
  const { mcpServers } = parse(serversSchema, existing, path);
  const server = {
    type: 'http',
    url: `${url}/mcp`,
    headers: { Authorization: 'Bearer ${MOSAIC_TOKEN}' },
  };
  return {
    value: {
      ...parse(anyObject, existing, path),
      mcpServers: { ...mcpServers, [serverName]: server },
    },
    notes: [],
  };
}

function parse<T>(schema: z.ZodType<T>, value: unknown, path: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues[0]?.path.join('.') ?? '';
  throw new CoordinatorError(
    'file_unexpected',
    `${path} has a value that Claude Code does not take${where === '' ? '' : ` at ${where}`}, so nothing was changed: correct it, or move it away.`,
  );
}

/** Variables that are not on the list arrive empty. The model sees the URL, so no secret is in it. */
function hookOf(url: string) {
  return {
    type: 'http',
    url: `${url}${hookPath}`,
    headers: {
      Authorization: 'Bearer $MOSAIC_TOKEN',
      'X-Claim-Id': '$MOSAIC_CLAIM_ID',
      'X-Claim-Token': '$MOSAIC_CLAIM_TOKEN',
    },
    allowedEnvVars: ['MOSAIC_TOKEN', 'MOSAIC_CLAIM_ID', 'MOSAIC_CLAIM_TOKEN'],
    timeout: timeoutSeconds,
  };
}

const groupSchema = z.object({ hooks: z.array(z.unknown()) });
const ourHook = z.object({ type: z.literal('http'), url: z.string().endsWith(hookPath) });

/** The groups of an event with our hook: in its old place, or in a group of its own at the end. */
function withHook(groups: readonly unknown[], ours: unknown): unknown[] {
  const hooksIn = (group: unknown) => groupSchema.safeParse(group).data?.hooks ?? [];
  const isOurs = (hook: unknown) => ourHook.safeParse(hook).success;
  const at = groups.findIndex((group) => hooksIn(group).some(isOurs));
  if (at === -1) return [...groups, { hooks: [ours] }];
  const hooks = hooksIn(groups[at]);
  const group = {
    ...anyObject.parse(groups[at]),
    hooks: hooks.with(hooks.findIndex(isOurs), ours),
  };
  return groups.with(at, group);
}

const statusLineMark = '/statusline"';

function isOurStatusLine({ command = '' }: { readonly command?: string | undefined }): boolean {
  return command.includes('MOSAIC_CLAIM_ID') && command.includes(statusLineMark);
}

/**
 * Reports the context, and shows what the coordinator says to it. The secrets go to curl by a pipe: arguments are in
 * the list of processes. Does nothing without a claim.
 */
function statusLineCommand(url: string): string {
  const quoted = `'${url.replaceAll("'", '%27')}/api/v1/claims/'"$MOSAIC_CLAIM_ID${statusLineMark}`;
  return [
    `[ -z "$MOSAIC_CLAIM_ID" ] || { body=$(cat);`,
    String.raw`printf 'Authorization: Bearer %s\nX-Claim-Token: %s\n' "$MOSAIC_TOKEN" "$MOSAIC_CLAIM_TOKEN" |`,
    `curl -sS -m 5 -H @- -H 'Content-Type: application/json' --data-binary "$body" ${quoted} |`,
    String.raw`sed -n 's/.*"action":"\([a-z]*\)".*/coordinator: \1/p'; }`,
  ].join(' ');
}
