/** Lengths of time as figures: 412 ms, 1.2 s, 3 min. */
import { lengthOf } from "./Time.ts"

const small = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 })

/** A length of time in milliseconds, to two or three figures. */
export const span = (ms: number): string => {
  const size = Math.abs(ms)
  if (size < 1_000) return `${small.format(size < 10 ? ms : Math.round(ms))} ms`
  if (size < 60_000) return `${small.format(ms / 1_000)} s`
  return lengthOf(ms)
}

/** A share from 0 to 1 in percent. */
export const percent = (share: number): string => `${small.format(share * 100)} %`
