/** Pure: when runs that are queued together may start, so that many of them do not crowd out what falls due meanwhile. */

/** Without a pace they are a millisecond apart, which keeps them in order. */
const UNPACED = 60_000

/** When the nth (from 0) of runs queued at `now` may start at a pace of so many a minute; epoch ms. */
export const startOf = (now: number, nth: number, perMinute: number = UNPACED): number =>
  now + Math.floor(nth * 60_000 / perMinute)
