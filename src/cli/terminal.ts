import { Writable } from 'node:stream';

import type { Output } from './io.ts';

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

/** A terminal without a known size reports 0, in containers and under `script` for instance. */
export function sizeOf(reported: number | undefined): number | undefined {
  return reported === 0 ? undefined : reported;
}
