import type { Generated } from 'kysely';

/** What people were told of and is still so, by a key; told again when it comes again. */
export interface ToldTable {
  key: string;
  told_at: number;
}

/** One thing to tell, in the order in which it came up. */
export interface NoticesTable {
  seq: Generated<number>;
  kind: 'needs_person' | 'in_review' | 'verification_failed' | 'budget' | 'webhook' | 'deliveries';
  /** The issue and its title; null: it is about the service. */
  ref: string | null;
  title: string | null;
  sentence: string;
  at: number;
}

/** How far each target of NOTIFY_URL has been told. */
export interface NotifyTargetsTable {
  /** SHA-256 of its entry, which may hold a secret. */
  target: string;
  /** `seq` of the last notice that it took. */
  sent_up_to: number;
  /** The last notice of the message under way: a repeated attempt sends the same message. */
  sending_up_to: number | null;
  /** Failures in a row, when it is due, and why the last attempt failed. */
  attempts: number;
  due_at: number;
  error: string | null;
}
