import type { Io } from '../../src/cli/io.ts';

interface Capture {
  readonly signal?: AbortSignal;
  /** Text after whose appearance `reached` resolves. */
  readonly until?: string;
}

/** The streams of a command, whose text a test reads. */
export function captureIo({ signal, until }: Capture = {}) {
  let written = '';
  const { promise: reached, resolve } = Promise.withResolvers<undefined>();
  const write = (text: string) => {
    written += text;
    if (until !== undefined && written.includes(until)) resolve(undefined);
  };
  const streams = { stdout: { write }, stderr: { write }, environment: () => ({}) };
  const io: Io = signal === undefined ? streams : { ...streams, signal };
  return { io, reached, text: () => written };
}
