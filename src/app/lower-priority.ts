import { constants, getPriority, setPriority } from 'node:os';

/** Steps from the edge down to the core: under load an acknowledgement goes before handling. */
const steps = 10;

/**
 * Lowers the priority of this thread, and of those that it starts, from where it is: a service that was started at a
 * lower priority may not raise one of its threads. Linux alone knows priorities of threads; elsewhere it would be that
 * of the whole process.
 */
export function lowerPriority(): void {
  if (process.platform !== 'linux') return;
  setPriority(Math.min(getPriority() + steps, constants.priority.PRIORITY_LOW));
}
