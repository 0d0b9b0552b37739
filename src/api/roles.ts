import type { Scope } from '../plans/scope.ts';

/** What a token may do. */
export type Role = 'reader' | 'worker' | 'verifier' | 'operator';

/** A caller of the API: the name of its token, what it may do, and where. */
export interface Caller {
  readonly name: string;
  readonly role: Role;
  readonly repositories: Scope;
  /** Agents that it may run, in lower case; undefined: all. */
  readonly agents: readonly string[] | undefined;
}

/** The name of a worker, which is told of its own work alone; undefined: anybody else. */
export function workerOf({ role, name }: Pick<Caller, 'role' | 'name'>): string | undefined {
  return role === 'worker' ? name : undefined;
}

const everybody: readonly Role[] = ['reader', 'worker', 'verifier', 'operator'];
const workers: readonly Role[] = ['worker', 'operator'];
const verifiers: readonly Role[] = ['verifier'];
const operators: readonly Role[] = ['operator'];

/** The roles that may use each route. A route without a row is refused at its registration. */
export const allowedRoles: Readonly<Record<string, readonly Role[]>> = {
  'GET /api/v1/issues': everybody,
  'GET /api/v1/issues/:owner/:repo/:number': everybody,
  'GET /api/v1/issues/:owner/:repo/:number/text': everybody,
  'GET /api/v1/issues/:owner/:repo/:number/why': everybody,
  'GET /api/v1/issues/:owner/:repo/:number/verifications': everybody,
  'POST /api/v1/issues/:owner/:repo/:number/verify': operators,
  'GET /api/v1/queue': everybody,
  'GET /api/v1/graph': everybody,
  'GET /api/v1/pauses': everybody,
  'GET /api/v1/claims': workers,
  'POST /api/v1/claims': workers,
  'POST /api/v1/claims/:id/heartbeat': workers,
  'POST /api/v1/claims/:id/statusline': workers,
  'POST /api/v1/claims/:id/rotate': workers,
  'POST /api/v1/hooks/claude-code': workers,
  'POST /api/v1/claims/:id/release': workers,
  'POST /api/v1/claims/:id/block': workers,
  'POST /api/v1/claims/:id/complete': workers,
  'POST /api/v1/claims/:id/give-back': operators,
  'GET /api/v1/verifications/:id': everybody,
  'GET /api/v1/verifications/:id/report': everybody,
  'POST /api/v1/verifications/take': verifiers,
  'POST /api/v1/verifications/:id/heartbeat': verifiers,
  'POST /api/v1/verifications/:id/verdict': verifiers,
  'POST /api/v1/verifications/:id/give-back': verifiers,
  'GET /api/v1/verifications/:id/git/info/refs': verifiers,
  'POST /api/v1/verifications/:id/git/git-upload-pack': verifiers,
  // Tools for agents; GET and DELETE belong to sessions, which there are none of.
  'POST /mcp': workers,
  'GET /mcp': workers,
  'DELETE /mcp': workers,
  // Deliveries are of all repositories, and a replay of one is work for everybody.
  'GET /api/v1/deliveries': operators,
  'GET /api/v1/deliveries/:id': operators,
  'POST /api/v1/deliveries/:id/replay': operators,
  'POST /api/v1/pause': operators,
  'POST /api/v1/resume': operators,
  // Pages, for whoever signs in with such a token.
  'GET /': everybody,
  'GET /events': everybody,
  'GET /docs': everybody,
  'GET /issues': everybody,
  'POST /pause': operators,
  'POST /resume': operators,
  'GET /issues/:owner/:repo/:number': everybody,
  'POST /issues/:owner/:repo/:number/resume': operators,
  'POST /issues/:owner/:repo/:number/verify': operators,
  'POST /issues/:owner/:repo/:number/give-back': operators,
  'GET /verifications/:id': everybody,
  'POST /verifications/:id/verify': operators,
  'GET /graph': everybody,
  'GET /agents': everybody,
  'GET /status': everybody,
  'GET /deliveries': operators,
  'GET /deliveries/:id': operators,
  'POST /deliveries/:id/replay': operators,
};

/** The roles that may use a route; HEAD is what GET is. Throws for a route without a row. */
export function rolesOf(method: string, url: string): readonly Role[] {
  const roles = allowedRoles[`${method === 'HEAD' ? 'GET' : method} ${url}`];
  if (roles === undefined)
    throw new RangeError(`${method} ${url} has no row in the table of roles`);
  return roles;
}

/** The sentence of a refusal: whose token it is, what it may be, and which role is needed. */
export function forbidden({ name, role }: Caller, needed: readonly Role[]): string {
  return `The token "${name}" has the role ${role}; this needs the role ${needed.join(' or ')}.`;
}
