/** What waits, in its order: both ends are reached in the same time, however much waits. */

/** A ring that grows. */
export class Backlog<A> {
  #slots: Array<A | undefined> = new Array(16)
  #head = 0
  #length = 0

  /** How many wait. */
  get length(): number {
    return this.#length
  }

  /** The one that waits longest; undefined for none. */
  get first(): A | undefined {
    return this.#slots[this.#head]
  }

  /** Adds one behind all others. */
  push(one: A): void {
    this.#grow()
    this.#slots[this.#at(this.#length++)] = one
  }

  /** Adds one before all others. */
  unshift(one: A): void {
    this.#grow()
    this.#head = this.#at(-1)
    this.#slots[this.#head] = one
    this.#length++
  }

  /** Removes and returns the first; undefined for none. */
  shift(): A | undefined {
    if (this.#length === 0) return undefined
    const one = this.#slots[this.#head]
    this.#slots[this.#head] = undefined
    this.#head = this.#at(1)
    this.#length--
    return one
  }

  /** Removes and returns the last; undefined for none. */
  pop(): A | undefined {
    if (this.#length === 0) return undefined
    const at = this.#at(--this.#length)
    const one = this.#slots[at]
    this.#slots[at] = undefined
    return one
  }

  /** The slot so many behind the first; the count of slots is a power of two. */
  #at(nth: number): number {
    return (this.#head + nth) & (this.#slots.length - 1)
  }

  /** Makes room for one more: twice the slots, so that each line is moved once or twice in all. */
  #grow(): void {
    if (this.#length < this.#slots.length) return
    const slots: Array<A | undefined> = new Array(this.#slots.length * 2)
    for (let nth = 0; nth < this.#length; nth++) slots[nth] = this.#slots[this.#at(nth)]
    this.#slots = slots
    this.#head = 0
  }
}
