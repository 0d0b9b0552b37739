import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { systemCalls } from './system-calls.ts';
import { mainArguments, searchPath, startChild, startedAt } from '../../support/process.ts';
import { recording } from '../../support/recordings.ts';
import { temporaryDirectory, testEnvironment } from '../../support/service.ts';

const hasStrace = spawnSync('which', ['strace'], { env: { PATH: searchPath } }).status === 0;

/** System calls that show the order of arrival, flush and answer. */
const traced = 'trace=read,recvfrom,fsync,fdatasync,write,writev,sendto,sendmsg';

test.skipIf(!hasStrace)(
  'the write-ahead log is flushed to disk after a delivery arrives and before its 200 (needs strace)',
  async () => {
    const directory = temporaryDirectory();
    const trace = join(directory, 'trace.txt');
    const service = startChild({
      // -D: the service, not strace, is the child, so that its signals and its end are the real ones.
      command: 'strace',
      args: ['-D', '-f', '-y', '-s', '64', '-e', traced, '-o', trace, process.execPath].concat(
        mainArguments,
      ),
      environment: testEnvironment(directory),
      directory,
    });
    const url = await startedAt(service);
    const { headers, body } = recording('issues-assigned-bot');
    const reply = await fetch(`${url}/webhook/gitea`, {
      method: 'POST',
      headers,
      body: new Uint8Array(body),
    });
    expect(reply.status).toBe(200);
    await service.kill('SIGTERM');

    const lines = systemCalls(readFileSync(trace, 'utf8')).map(({ text }) => text);
    const request = lines.findIndex((line) => line.includes('"POST /webhook/gitea'));
    const answer = lines.findIndex((line) => line.includes('"HTTP/1.1 200'));
    const flushed = lines.findIndex(
      (line, index) => index > request && /f(data)?sync\(\d+<[^>]*-wal>\) *= 0$/.test(line),
    );
    expect(request, 'the request was read').toBeGreaterThan(-1);
    expect(flushed, 'the log was flushed after the request').toBeGreaterThan(request);
    expect(answer, 'the answer was written after the flush').toBeGreaterThan(flushed);
  },
);
