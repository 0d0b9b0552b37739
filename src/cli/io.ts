import { Writable } from 'node:stream';

import type { Environment } from '../config.ts';

export interface Output {
  readonly write: (text: string) => unknown;
  readonly isTTY?: boolean;
  /** Width of the terminal. */
  readonly columns?: number;
  /** Height of the terminal. */
  readonly rows?: number;
}

/** The only surroundings that a command uses; tests pass their own. */
export interface Io {
  readonly stdout: Output;
  readonly stderr: Output;
  /** Read when a command needs it, so that `--help` works without any. */
  readonly environment: () => Environment;
  /** Stops a long-running command, as the signals of the process do. */
  readonly signal?: AbortSignal;
}

/** Stream for `log-update`: a terminal whose size may change. */
export class Terminal extends Writable {
  readonly isTTY = true;
  readonly #output: Output;

  constructor(output: Output) {
    super({
      decodeStrings: false,
      write: (text: string, _encoding, done) => {
        output.write(text);
        done();
      },
    });
    this.#output = output;
  }

  get columns(): number | undefined {
    return sizeOf(this.#output.columns);
  }

  get rows(): number | undefined {
    return sizeOf(this.#output.rows);
  }
}

/** Width without a terminal, and of a terminal without a known size. */
const plainWidth = 100;
const defaultColumns = 80;

export function widthOf({ columns, isTTY }: Output): number {
  return sizeOf(columns) ?? (isTTY === true ? defaultColumns : plainWidth);
}

/** A terminal without a known size reports 0, in containers and under `script` for instance. */
export function sizeOf(reported: number | undefined): number | undefined {
  return reported === 0 ? undefined : reported;
}
