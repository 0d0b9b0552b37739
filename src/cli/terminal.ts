import { Writable } from 'node:stream';

import type { Output } from './io.ts';

/** What `log-update` writes to: a terminal whose size may change. */
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

/** A terminal that was never told its size says 0, in containers and under `script` for instance. */
export function sizeOf(told: number | undefined): number | undefined {
  return told === 0 ? undefined : told;
}
