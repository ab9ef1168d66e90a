/**
 * Reads through a text of JSON without building anything of it: what is nested too deep or holds too much is refused
 * before `JSON.parse` makes it, and so is what parsing would change without a word (RFC 7493): a number that a double does
 * not hold exactly, a key that an object has twice. Whether the text is JSON at all is left to `JSON.parse`.
 */
import { jsonPath } from "@stint/domain/JsonPath"
import type { FieldIssue } from "@stint/domain/Problem"

/** The most of a text, by the names of domain's bounds. */
export interface JsonBounds {
  readonly body_depth: number
  readonly body_values: number
  readonly object_keys: number
}

const QUOTE = 0x22
const COMMA = 0x2c
const MINUS = 0x2d
const COLON = 0x3a
const OPEN_LIST = 0x5b
const BACKSLASH = 0x5c
const CLOSE_LIST = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d

/** From how many keys on a set is faster than looking through a list. */
const FEW = 12

const isDigit = (code: number) => code >= 0x30 && code <= 0x39
/** Digits, `+`, `-`, `.`, `e` and `E`. */
const isOfNumber = (code: number) =>
  isDigit(code) || code === 0x2b || code === MINUS || code === 0x2e || code === 0x65 || code === 0x45

/** An object or a list that is open. */
interface Level {
  /** Of an object: its keys so far; undefined for a list. */
  readonly keys: Array<string> | undefined
  /** The same when there are more than a few. */
  many: Set<string> | undefined
  /** The key or index that the scan is at. */
  at: string | number
}

/** A decimal without leading and trailing zeros: its digits, and the power of ten of the first one. */
const normalised = (literal: string): string => {
  const [, whole = "", fraction = "", exponent = "0"] = /^-?(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(literal) ?? []
  const digits = whole + fraction
  const first = digits.search(/[1-9]/)
  if (first < 0) return "0"
  let last = digits.length
  while (digits[last - 1] === "0") last--
  return `${digits.slice(first, last)}e${Number(exponent) + whole.length - first - 1}`
}

const LARGEST = String(Number.MAX_SAFE_INTEGER)

/** What is wrong with a number's literal; undefined when a double holds exactly what it says. */
export const numberFault = (literal: string): string | undefined => {
  const unsigned = literal.startsWith("-") ? literal.slice(1) : literal
  if (/^\d+$/.test(unsigned)) {
    return unsigned.length < LARGEST.length || (unsigned.length === LARGEST.length && unsigned <= LARGEST)
      ? undefined
      : `must be a number that JSON carries exactly: a whole number is at most ${LARGEST}; send it as text`
  }
  const value = Number(unsigned)
  if (!Number.isFinite(value)) return "must be a finite number"
  return normalised(unsigned) === normalised(String(value))
    ? undefined
    : "must be a number that JSON carries exactly, with at most 15 significant digits; send it as text"
}

/** A scan of one text, in steps. */
export class JsonScan {
  readonly #text: string
  readonly #bounds: JsonBounds
  readonly #open: Array<Level> = []
  #at = 0
  #expectsKey = false
  /** Keys and items so far. */
  values = 0
  /** The first fault. */
  fault: FieldIssue | undefined

  constructor(text: string, bounds: JsonBounds) {
    this.#text = text
    this.#bounds = bounds
  }

  /** Scans up to about `count` characters more; whether the scan has ended. */
  step(count: number): boolean {
    const text = this.#text
    const until = Math.min(this.#at + count, text.length)
    while (this.#at < until && this.fault === undefined) {
      const code = text.charCodeAt(this.#at)
      if (code === QUOTE) this.#string()
      else if (code === MINUS || isDigit(code)) this.#number()
      else {
        this.#at++
        if (code === COMMA) this.#next()
        else if (code === COLON) this.#expectsKey = false
        else if (code === OPEN_OBJECT || code === OPEN_LIST) this.#begin(code === OPEN_OBJECT)
        else if (code === CLOSE_OBJECT || code === CLOSE_LIST) {
          this.#open.pop()
          this.#expectsKey = false
        }
      }
    }
    return this.fault !== undefined || this.#at >= text.length
  }

  #refuse(message: string, path: string) {
    this.fault ??= { path, message }
  }

  #path(levels = this.#open.length): string {
    return jsonPath(this.#open.slice(0, levels).map(({ at }) => at))
  }

  #count() {
    if (++this.values > this.#bounds.body_values) {
      this.#refuse(`must have at most ${this.#bounds.body_values} keys and items in all (bound body_values)`, "$")
    }
  }

  #begin(isObject: boolean) {
    this.#open.push({ keys: isObject ? [] : undefined, many: undefined, at: isObject ? "" : 0 })
    this.#expectsKey = isObject
    if (!isObject) this.#count()
    if (this.#open.length > this.#bounds.body_depth) {
      this.#refuse(`must not nest deeper than ${this.#bounds.body_depth} (bound body_depth)`, "$")
    }
  }

  #next() {
    const level = this.#open.at(-1)
    if (level === undefined) return
    if (level.keys === undefined) {
      level.at = (level.at as number) + 1
      this.#count()
    } else this.#expectsKey = true
  }

  #string() {
    const text = this.#text
    const start = this.#at + 1
    let close = text.indexOf('"', start)
    while (close > 0 && text.charCodeAt(close - 1) === BACKSLASH) {
      let from = close - 1
      while (from > start && text.charCodeAt(from - 1) === BACKSLASH) from--
      // an even number of backslashes are escaped ones
      if ((close - from) % 2 === 0) break
      close = text.indexOf('"', close + 1)
    }
    this.#at = close < 0 ? text.length : close + 1
    if (close < 0 || !this.#expectsKey) return
    this.#expectsKey = false
    this.#key(text.slice(start, close))
  }

  #key(literal: string) {
    const level = this.#open.at(-1)!
    let key = literal
    if (literal.includes("\\")) {
      try {
        key = JSON.parse(`"${literal}"`)
      } catch {
        // JSON.parse of the whole says what is wrong
      }
    }
    level.at = key
    this.#count()
    const keys = level.keys!
    if (level.many === undefined ? keys.includes(key) : level.many.has(key)) {
      return this.#refuse("must not have this key twice", this.#path())
    }
    if (level.many !== undefined) level.many.add(key)
    else if (keys.push(key) > FEW) level.many = new Set(keys)
    const most = this.#bounds.object_keys
    if ((level.many?.size ?? keys.length) > most) {
      this.#refuse(`must have at most ${most} keys (bound object_keys)`, this.#path(this.#open.length - 1))
    }
  }

  #number() {
    const text = this.#text
    const start = this.#at
    let end = start + 1
    let hasExponent = false
    while (end < text.length) {
      const code = text.charCodeAt(end)
      if (!isOfNumber(code)) break
      if (code === 0x65 || code === 0x45) hasExponent = true
      end++
    }
    this.#at = end
    // so few digits are exact in any place
    if (end - start <= 15 && !hasExponent) return
    const fault = numberFault(text.slice(start, end))
    if (fault !== undefined) this.#refuse(fault, this.#path())
  }
}
