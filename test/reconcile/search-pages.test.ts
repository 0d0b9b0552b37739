import { expect, test } from 'vitest';

import { TryAgainLater } from '../../src/errors.ts';
import { walkSearch, type SearchPage } from '../../src/reconcile/search-pages.ts';
import type { IssueSnapshot } from '../../src/issue/event.ts';

const signal = new AbortController().signal;

function issue(number: number): IssueSnapshot {
  return {
    repositoryId: 2,
    repository: 'acme/orbit',
    number,
    title: `Issue ${number}`,
    body: '',
    bodyCut: false,
    open: true,
    assignees: ['bot'],
    labels: [],
    updatedAt: 0,
  };
}

interface Listing {
  /** Numbers of the issues, the newest first; may change between two requests. */
  numbers: number[];
  readonly largest?: number;
  /** No answer may have this issue. */
  readonly huge?: readonly number[];
  readonly tellsTotal?: boolean;
  readonly between?: (request: number) => void;
}

/** Walks a list as Gitea gives it. */
async function walk(listing: Listing, maxRequests = 1_000) {
  const { largest = 50, huge = [], tellsTotal = true } = listing;
  const requests: string[] = [];
  const seen: number[] = [];
  const skipped: number[] = [];
  const ask = ({ page, limit }: { page: number; limit: number }): Promise<SearchPage> => {
    listing.between?.(requests.length);
    requests.push(`${page}x${limit}`);
    const size = Math.min(limit, largest);
    const rows = listing.numbers.slice((page - 1) * size, page * size);
    if (rows.some((number) => huge.includes(number)))
      return Promise.reject(new TryAgainLater('gitea_oversized', 'too large'));
    const total = tellsTotal ? listing.numbers.length : undefined;
    return Promise.resolve({ issues: rows.map(issue), count: rows.length, total });
  };
  const outcome = await walkSearch(
    {
      search: { assigned: true, state: 'open' },
      ask,
      maxRequests,
      visit: (issues) => {
        seen.push(...issues.map(({ number }) => number));
        return Promise.resolve();
      },
      onOversized: (position) => skipped.push(position),
    },
    signal,
  );
  return { ...outcome, requests, seen, skipped };
}

const countdown = (from: number) => Array.from({ length: from }, (_, index) => from - index);

test.each([0, 1, 49, 50, 51, 100, 2_000])('all of %i issues are seen once', async (count) => {
  const walked = await walk({ numbers: countdown(count) });
  expect(walked).toMatchObject({ seen: countdown(count), shifted: false, cutOff: false });
  expect(walked.requests).toHaveLength(Math.max(1, Math.ceil(count / 50)));
});

test.each([1, 7, 20, 30])(
  'a Gitea that gives no more than %i rows is read in its own steps',
  async (largest) => {
    const walked = await walk({ numbers: countdown(95), largest });
    expect(walked).toMatchObject({ seen: countdown(95), shifted: false });
  },
);

test.each([0, 50, 95])(
  'without a count of all rows %i issues are read to the end',
  async (count) => {
    const walked = await walk({ numbers: countdown(count), tellsTotal: false });
    expect(walked).toMatchObject({ seen: countdown(count), shifted: false, cutOff: false });
  },
);

test('a page too large for one answer is read in pieces, an issue too large by itself is passed over', async () => {
  const walked = await walk({ numbers: countdown(120), huge: [120, 64, 1] });
  expect(walked.seen).toEqual(countdown(120).filter((number) => ![120, 64, 1].includes(number)));
  expect(walked.skipped).toEqual([0, 56, 119]);
  expect(walked.shifted).toBe(false);
  expect(walked.requests).toHaveLength(37);
});

test('all issues too large end all the same', async () => {
  const walked = await walk({ numbers: countdown(3), huge: [1, 2, 3] }, 100);
  expect(walked).toMatchObject({ seen: [], cutOff: false, skipped: [0, 1, 2] });
});

test('what leaves the list in between is noticed, as is what comes', async () => {
  const leaves: Listing = {
    numbers: countdown(120),
    between: (request) => {
      if (request === 1) leaves.numbers = leaves.numbers.filter((number) => number !== 100);
    },
  };
  const left = await walk(leaves);
  expect(left.shifted).toBe(true);
  expect(left.seen).not.toContain(70);

  const comes: Listing = {
    numbers: countdown(120),
    between: (request) => {
      if (request === 1) comes.numbers = [121, ...comes.numbers];
    },
  };
  const came = await walk(comes);
  expect(came.shifted).toBe(true);
  expect(came.seen.filter((number) => number === 71)).toHaveLength(2);
});

test('more pages than may be asked for are cut off', async () => {
  expect(await walk({ numbers: countdown(500) }, 3)).toMatchObject({ cutOff: true });
});

test('any other failure ends the walk', async () => {
  const failure = new TryAgainLater('gitea_timeout', 'late');
  const walking = walkSearch(
    {
      search: { assigned: true, state: 'open' },
      ask: () => Promise.reject(failure),
      maxRequests: 3,
      visit: () => Promise.resolve(),
      onOversized: () => undefined,
    },
    signal,
  );
  await expect(walking).rejects.toBe(failure);
});
