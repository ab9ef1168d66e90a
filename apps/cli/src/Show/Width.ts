/** How wide a text is on a terminal, in columns, and the text cut to a width. */

const wide =
  /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{20000}-\u{3fffd}]/u
const empty = /^(?:\p{Mark}|\u200b|\u200c|\u200d|\ufe0f)+$/u
const plain = /^[\x20-\x7e]*$/

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" })

const widthOfGrapheme = (text: string): number => wide.test(text) ? 2 : empty.test(text) ? 0 : 1

/** The columns that a printable text takes. */
export const widthOf = (text: string): number => {
  if (plain.test(text)) return text.length
  let width = 0
  for (const { segment } of graphemes.segment(text)) width += widthOfGrapheme(segment)
  return width
}

/** The text in at most so many columns; where it is cut, an ellipsis takes the last one. */
export const cut = (text: string, columns: number): string => {
  if (widthOf(text) <= columns) return text
  let kept = ""
  let width = 0
  for (const { segment } of graphemes.segment(text)) {
    width += widthOfGrapheme(segment)
    if (width > columns - 1) break
    kept += segment
  }
  return columns < 1 ? "" : `${kept}…`
}
