const minutesADay = 1_440;
const minuteMs = 60_000;
/** Pause where the text of a limit names no time that is understood. */
const unknownLimitMs = 3_600_000;
/** A time of day up to this long ago is one that has just passed, not one of tomorrow. */
const justOverMinutes = 60;

const resets =
  /\bresets (?:at )?(?<date>[a-z]{3,9} \d{1,2},? (?:at )?)?(?<hour>\d{1,2})(?::(?<minute>\d{2}))? ?(?<half>am|pm)(?: \((?<zone>[\w/+-]{1,40})\))?/i;

/**
 * When a limit ends that Claude Code tells in words: `You've hit your 5-hour limit · resets 1:40pm (UTC)`. Epoch
 * milliseconds; an hour from now where the words are others, a day where they name a date.
 */
export function limitEnd(text: string, now: number): number {
  const { date, hour, minute = '0', half, zone = 'UTC' } = resets.exec(text)?.groups ?? {};
  if (date !== undefined) return now + minutesADay * minuteMs;
  const local = hour === undefined ? undefined : minuteOfDay(now, zone);
  if (local === undefined) return now + unknownLimitMs;
  const afternoon = half?.toLowerCase() === 'pm' ? 12 : 0;
  const target = ((Number(hour) % 12) + afternoon) * 60 + Number(minute);
  const ahead = (target - local + minutesADay) % minutesADay;
  const wait = ahead > minutesADay - justOverMinutes ? 0 : ahead;
  return Math.floor(now / minuteMs) * minuteMs + wait * minuteMs;
}

/** Undefined for a zone that is not known. */
function minuteOfDay(now: number, timeZone: string): number | undefined {
  try {
    const format = { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
    const shown = new Intl.DateTimeFormat('en-GB', format).format(now);
    const [hours = '', minutes = ''] = shown.split(':');
    return Number(hours) * 60 + Number(minutes);
  } catch {
    return undefined;
  }
}
