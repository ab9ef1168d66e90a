/** Pure: what is known of one scope: its versions by topic, and the changes that its listeners may have missed. */
import { type Topic, topics } from "@stint/domain/gateway/Changes"

/** How many changes are kept for who comes back. */
const KEPT = 200

/** A change as it is told: its number within this watch. */
export interface Told {
  readonly n: number
  readonly topics: ReadonlyArray<Topic>
}

/** One scope. */
export class Watch {
  /** A number of this watch alone: ids of another one say nothing here. */
  readonly id: string
  readonly #versions = new Map<Topic, string>()
  #told: Array<Told> = []
  #n = 0

  constructor(id: string) {
    this.id = id
  }

  /** The id of the last change, for the event stream. */
  get last(): string {
    return this.idOf(this.#n)
  }

  /** The id of a change. */
  idOf(n: number): string {
    return `${this.id}.${n}`
  }

  /** Takes versions that were just read: the topics that changed since the last look. A topic's first version changes nothing. */
  compare(versions: ReadonlyMap<Topic, string>): ReadonlyArray<Topic> {
    const changed: Array<Topic> = []
    for (const [topic, version] of versions) {
      const before = this.#versions.get(topic)
      this.#versions.set(topic, version)
      if (before !== undefined && before !== version) changed.push(topic)
    }
    return changed
  }

  /** Adds a change. */
  tell(changed: ReadonlyArray<Topic>): Told {
    const told = { n: ++this.#n, topics: changed }
    this.#told.push(told)
    if (this.#told.length > KEPT) this.#told = this.#told.slice(-KEPT)
    return told
  }

  /** What was told after the change of that id, in one; all topics where that can't be known; undefined when it is nothing. */
  since(id: string): Told | undefined {
    const [watch, number] = id.split(".")
    const n = Number(number)
    const first = this.#told[0]?.n ?? this.#n + 1
    if (watch !== this.id || !Number.isInteger(n) || n > this.#n || n < first - 1) return { n: this.#n, topics }
    const missed = new Set(this.#told.filter((told) => told.n > n).flatMap((told) => told.topics))
    return missed.size === 0 ? undefined : { n: this.#n, topics: topics.filter((topic) => missed.has(topic)) }
  }
}
