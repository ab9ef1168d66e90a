/** Shortens text to a limit in code points, at a word or grapheme boundary. */

const graphemes = new Intl.Segmenter("und", { granularity: "grapheme" })

/** The length in code points, the unit of the platforms' limits. */
export const codePoints = (text: string): number => {
  let count = text.length
  for (let i = 1; i < text.length; i++) {
    // the second half of a pair
    if ((text.charCodeAt(i) & 0xfc00) === 0xdc00 && (text.charCodeAt(i - 1) & 0xfc00) === 0xd800) count--
  }
  return count
}

/** The first `max` code points. Reads no more of the text than that. */
const head = (text: string, max: number): string => {
  if (text.length <= max) return text
  let end = 0
  let count = 0
  for (const point of text) {
    if (count === max) break
    end += point.length
    count++
  }
  return text.slice(0, end)
}

/** The whole graphemes within the first `max` code points. A first grapheme longer than that is cut between code points. */
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
 * The text, shortened to at most `max` code points with an ellipsis: after the last word that ends in the second half, else
 * between graphemes. Lone surrogates become U+FFFD.
 */
export const fit = (text: string, max: number): string => {
  const sound = text.toWellFormed()
  if (sound.length <= max || head(sound, max + 1).length === head(sound, max).length) return sound
  if (max < 1) return ""
  const kept = wholeGraphemes(sound, max - 1)
  const space = kept.search(/\s\S*$/)
  const words = space > kept.length / 2 ? kept.slice(0, space) : kept
  return `${words.replace(/[\s,;:–—-]+$/u, "")}…`
}

/** White space other than single spaces: few texts have any. */
const ragged = /[^\S ]| {2}/u

/** `fit` of the text in one line: each run of white space becomes a space. */
export const fitLine = (text: string, max: number): string => {
  const read = head(text, max * 4 + 64)
  return fit((ragged.test(read) ? read.replace(/\s+/gu, " ") : read).trim(), max)
}
