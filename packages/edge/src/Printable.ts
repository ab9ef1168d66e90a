/**
 * Text of others in a line of a log or on a terminal. A record is one line: whoever writes a reason, a name or an id
 * can't begin another one, clear the screen or turn the direction of the text.
 */

// the controls of ASCII and Latin 1, line and paragraph separators, and what changes the direction of text
// deno-lint-ignore no-control-regex
const unsafe = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]|\p{Surrogate}/gu

const short: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" }

const escaped = (character: string) => short[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`

/** The text in one line: controls, separators and lone surrogates are escaped as JavaScript writes them. */
export const printable = (text: string): string => text.replace(unsafe, escaped)
