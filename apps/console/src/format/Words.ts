/** Names and numbers as people read them. */

const number = new Intl.NumberFormat()

/** A number with its separators. */
export const count = (value: number): string => number.format(value)

/** A count with its noun: 1 post, 2 posts. */
export const counted = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`

/** Words as they begin a sentence. */
export const capital = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1)

/** An identifier in words: `marketing.healthcare.v1` is Marketing healthcare, `close_position` Close position. */
export const titled = (id: string): string => {
  return capital(id.replace(/\.v\d+$/, "").replaceAll(/[._-]+/g, " ").trim())
}

/** A hash or an id by its ends: 9f3c...a17e. */
export const shortened = (id: string): string => id.length <= 12 ? id : `${id.slice(0, 4)}…${id.slice(-4)}`

/** What a person calls a hire: its nickname, else the name of its type. */
export const hireName = (
  hire: { readonly config: Readonly<Record<string, unknown>>; readonly agent_id: string },
): string => {
  const { nickname } = hire.config
  return typeof nickname === "string" && nickname.trim() !== "" ? nickname : titled(hire.agent_id)
}
