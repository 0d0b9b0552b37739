import type { Io } from './io.ts';
export async function demo(io: Io, options: { keep: boolean }): Promise<void> {
  await Promise.resolve([io, options]);
}
