/** Texts as the rule `contains_none` compares them: whatever was done to hide a word, it is found. */

/** Characters that are not seen: zero width, soft hyphens, directions, variation selectors. */
const unseen = /\p{Default_Ignorable_Code_Point}/gu

/** Accents and the like of Latin, Greek and Cyrillic. Marks of other scripts are letters of their own, and stay. */
const accents = /[\u0300-\u036f]/g

/** Text without what is not seen, in the compatibility form of Unicode: full width, ligatures and styled letters as plain ones. */
export const plain = (text: string): string => text.normalize("NFKC").replace(unseen, "").normalize("NFKC")

/** Letters of Cyrillic and Greek that look like Latin ones, folded. */
const lookalikes: Readonly<Record<string, string>> = {
  ...{ а: "a", в: "b", с: "c", ԁ: "d", е: "e", һ: "h", н: "h", і: "i", ј: "j", к: "k", ӏ: "l", м: "m", о: "o", р: "p" },
  ...{ ԛ: "q", г: "r", ѕ: "s", т: "t", у: "y", ѵ: "v", ԝ: "w", х: "x", α: "a", β: "b", ε: "e", η: "n", ι: "i", κ: "k" },
  ...{ ν: "v", ο: "o", ρ: "p", τ: "t", υ: "u", χ: "x", ω: "w", ı: "i", ɑ: "a", ɡ: "g", ℓ: "l" },
}

/** Without case: what Unicode maps to the same upper case is the same, so ß is ss; accents are left out, blanks are one. */
export const folded = (text: string): string =>
  plain(text).normalize("NFKD").toUpperCase().toLowerCase().normalize("NFKD").replace(accents, "")
    .replace(/[\s\p{Z}]+/gu, " ").trim()

/** The same, with letters that look like Latin ones as those. */
const asSeen = (text: string): string => folded(text).replace(/\p{L}/gu, (letter) => lookalikes[letter] ?? letter)

/** A text in the two forms in which words are looked for. */
export interface Forms {
  readonly folded: string
  readonly seen: string
}

/** The forms of a text or of a word. */
export const formsOf = (text: string): Forms => ({ folded: folded(text), seen: asSeen(text) })

/** Whether a text holds a word or phrase, also within a longer word, whatever its case, its accents and its look-alikes. */
export const holds = (text: Forms, phrase: Forms): boolean =>
  text.folded.includes(phrase.folded) || text.seen.includes(phrase.seen)
