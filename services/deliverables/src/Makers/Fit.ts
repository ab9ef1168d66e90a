/** Text that fits: counted in code points, cut where a reader would cut it. */

const graphemes = new Intl.Segmenter("und", { granularity: "grapheme" })

/** The length in code points, which is how platforms count. */
export const codePoints = (text: string): number => {
  let count = 0
  for (const _ of text) count++
  return count
}

/** The first `max` code points, in time that does not grow with the text. */
const head = (text: string, max: number): string => {
  let end = 0
  let count = 0
  for (const point of text) {
    if (count === max) break
    end += point.length
    count++
  }
  return text.slice(0, end)
}

/** Whole graphemes of at most `max` code points; a single longer one is cut between code points. */
const wholeGraphemes = (text: string, max: number): string => {
  let kept = ""
  let count = 0
  for (const { segment } of graphemes.segment(head(text, max + 1))) {
    count += codePoints(segment)
    if (count > max) break
    kept += segment
  }
  return kept === "" ? head(text, max) : kept
}

/**
 * The text if it has at most `max` code points, else its beginning and an ellipsis: after a whole word where one ends
 * in the second half, never inside a grapheme unless one alone is too long, never inside a surrogate pair.
 */
export const fit = (text: string, max: number): string => {
  const sound = text.toWellFormed()
  if (head(sound, max + 1).length === head(sound, max).length) return sound
  if (max < 1) return ""
  const kept = wholeGraphemes(sound, max - 1)
  const space = kept.search(/\s\S*$/)
  const words = space > kept.length / 2 ? kept.slice(0, space) : kept
  return `${words.replace(/[\s,;:–—-]+$/u, "")}…`
}

/** As `fit`, in one line. */
export const fitLine = (text: string, max: number): string =>
  fit(head(text, max * 4 + 64).replace(/\s+/gu, " ").trim(), max)
