import { fork, spawn, type ChildProcess } from 'node:child_process';
import { createHmac, randomUUID } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { freePort, listening, secret } from './servers.ts';

/**
 * What strangers cost: `npm run bench -- unsigned`. 150 connections send bodies of 16 MB without a signature,
 * with a wrong one, and in chunks, while a genuine delivery is sent every 100 ms. The service runs within the
 * memory of compose.yaml where a control group can be made (cgroup v1, as root), else without a limit.
 */
const connections = 150;
const seconds = 12;
const memoryBytes = 768 * 1024 * 1024;
const bodyBytes = 16_700_000;
const genuineEveryMs = 100;

const directory = mkdtempSync(join(tmpdir(), 'mosaic-unsigned-'));
const group = `/sys/fs/cgroup/memory/mosaic-unsigned-${process.pid}`;
const zeros = Buffer.alloc(bodyBytes);
const chunk = Buffer.concat([
  Buffer.from(`${(64 * 1024).toString(16)}\r\n`),
  Buffer.alloc(64 * 1024),
  Buffer.from('\r\n'),
]);

interface Attack {
  readonly name: string;
  readonly headers: readonly string[];
  readonly body: readonly Buffer[];
}

const wrongSignature = `X-Gitea-Signature: ${'0'.repeat(64)}`;
const length = `Content-Length: ${16 * 1024 * 1024}`;
const chunks = Array.from({ length: 255 }, () => chunk);
const attacks: readonly Attack[] = [
  { name: 'no signature', headers: [length], body: [zeros] },
  { name: 'wrong signature', headers: [length, wrongSignature], body: [zeros] },
  {
    name: 'wrong signature, whole bodies',
    headers: [`Content-Length: ${bodyBytes}`, wrongSignature],
    body: [zeros],
  },
  { name: 'chunked', headers: ['Transfer-Encoding: chunked', wrongSignature], body: chunks },
  { name: 'nobody', headers: [], body: [] },
];

/** True when the process is in a group of its own with a limit. */
function limitMemory(pid: number): boolean {
  try {
    mkdirSync(group);
    writeFileSync(join(group, 'memory.limit_in_bytes'), String(memoryBytes));
    writeFileSync(join(group, 'cgroup.procs'), String(pid));
    return true;
  } catch {
    return false;
  }
}

function inGroup(file: string): string {
  return existsSync(group) ? readFileSync(join(group, file), 'utf8') : '';
}

async function start() {
  const port = await freePort();
  // The shell waits until it is in its group, so that the service knows its limit from the start.
  const child = spawn(
    '/bin/sh',
    ['-c', 'read go && exec "$0" "$@"', process.execPath, ...argumentsOf],
    {
      env: {
        PORT: String(port),
        HOST: '127.0.0.1',
        GITEA_WEBHOOK_SECRET: secret,
        GITEA_URL: 'https://git.example.test',
        ISSUE_READER: 'offline',
        LOG_LEVEL: 'warning',
        DATABASE_URL: `file:${join(directory, `${port}.db`)}`,
        NODE_OPTIONS: '--max-old-space-size=256',
      },
      stdio: ['pipe', 'ignore', 'inherit'],
    },
  );
  const limited = limitMemory(child.pid ?? 0);
  child.stdin.end('go\n');
  return { child, url: await listening(child, port, 'the service'), port, limited };
}

const argumentsOf = ['--import', 'tsx', 'src/main.ts'];

/** Keeps its connections full until it is told to stop; then it says how often each status came. */
function attackWith({ headers, body }: Attack, port: number): void {
  const answers = new Map<string, number>();
  const sockets = new Set<Socket>();
  let isOver = false;
  const head = ['POST /webhook/gitea HTTP/1.1', 'Host: x', 'Content-Type: application/json'];
  const start = `${[...head, ...headers].join('\r\n')}\r\n\r\n`;

  function openOne(): void {
    if (isOver) return;
    const socket = connect(port, '127.0.0.1');
    sockets.add(socket);
    let status = 'no answer';
    socket.on('data', (data) => (status = data.toString('latin1', 9, 12)));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      sockets.delete(socket);
      if (isOver) return;
      answers.set(status, (answers.get(status) ?? 0) + 1);
      setTimeout(openOne, 20);
    });
    socket.write(start);
    for (const part of body) socket.write(part);
  }

  if (body.length > 0) for (let index = 0; index < connections; index += 1) openOne();
  process.once('message', () => {
    isOver = true;
    for (const socket of sockets) socket.destroy();
    process.send?.([...answers].map(([status, count]) => `${count} x ${status}`).join(', '));
    process.disconnect();
  });
}

/** The attack in a process of its own, so that it does not hold up the genuine sender. */
function startAttack(index: number, port: number): () => Promise<string> {
  const child = fork(fileURLToPath(import.meta.url), [String(index), String(port)], {
    execArgv: ['--import', 'tsx'],
    stdio: 'inherit',
  });
  return () =>
    new Promise((resolve) => {
      child.once('message', (answers) => resolve(JSON.stringify(answers)));
      child.send('stop');
    });
}

async function sendGenuine(url: string) {
  const payload = { action: 'opened', repository: { id: 3, full_name: 'acme/orbit' } };
  const latencies: number[] = [];
  let failures = 0;
  const sent: Promise<void>[] = [];
  const endsAt = performance.now() + seconds * 1_000;
  for (let number = 1; performance.now() < endsAt; number += 1) {
    const issue = { number, title: `Issue ${number}`, state: 'open', body: 'x'.repeat(9_000) };
    const updated_at = new Date().toISOString();
    const body = JSON.stringify({ ...payload, issue: { ...issue, updated_at } });
    const headers = {
      'content-type': 'application/json',
      'x-gitea-event': 'issues',
      'x-gitea-delivery': randomUUID(),
      'x-gitea-signature': createHmac('sha256', secret).update(body).digest('hex'),
    };
    const startedAt = performance.now();
    // Gitea gives up after 5 s.
    const signal = AbortSignal.timeout(5_000);
    const answered = fetch(`${url}/webhook/gitea`, { method: 'POST', headers, body, signal })
      .then(async (reply) => {
        await reply.arrayBuffer();
        if (reply.status !== 200) failures += 1;
      })
      .catch(() => (failures += 1))
      .then(() => void latencies.push(performance.now() - startedAt));
    sent.push(answered);
    await sleep(genuineEveryMs);
  }
  await Promise.all(sent);
  latencies.sort((a, b) => a - b);
  const at = (share: number) => latencies[Math.floor(latencies.length * share)]?.toFixed(0) ?? '-';
  return `${latencies.length} genuine: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(0.9999)} ms, lost ${failures}`;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await ended;
  }
  if (existsSync(group)) rmdirSync(group);
}

async function measure(attack: Attack, index: number): Promise<void> {
  const { child, url, port, limited } = await start();
  try {
    const endAttack = startAttack(index, port);
    const genuine = await sendGenuine(url);
    const answers = await endAttack();
    const alive = child.exitCode === null && child.signalCode === null;
    const peak = Number(inGroup('memory.max_usage_in_bytes')) / 1024 / 1024;
    const kills = /oom_kill (\d+)/.exec(inGroup('memory.oom_control'))?.[1] ?? '-';
    const memory = limited ? `peak ${peak.toFixed(0)} of 768 MB, killed ${kills}` : 'no limit';
    const lines = [`${attack.name}: ${alive ? 'alive' : 'DEAD'}`, memory, genuine, answers];
    process.stdout.write(`${lines.join('; ')}\n`);
  } finally {
    await stop(child);
  }
}

const [attackIndex, attackedPort] = process.argv.slice(2);
const chosen = attacks[Number(attackIndex ?? -1)];
try {
  if (chosen !== undefined) attackWith(chosen, Number(attackedPort));
  else for (const [index, attack] of attacks.entries()) await measure(attack, index);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
