/** The target `journal`: a local file, one line of JSON for each delivery. */
import { type FileFailure, Files } from "@stint/edge/Files"
import { gather } from "@stint/edge/Pg/Gather"
import { Config, DateTime, Effect, Option, Schema, Semaphore } from "effect"
import { type Delivery, DeliveryError, type Target } from "./Target.ts"

/** What is read of the line of an earlier delivery. */
const Line = Schema.fromJsonString(
  Schema.Struct({ delivery_id: Schema.String, executed_at: Schema.DateTimeUtcFromString }),
)
const decodeLine = Schema.decodeUnknownOption(Line)

/** The line of a delivery. The approved payload is inserted byte for byte, not serialized again. */
export const lineOf = (delivery: Delivery, executed_at: DateTime.Utc): string => {
  const head = JSON.stringify({
    delivery_id: delivery.delivery_id,
    deliverable_id: delivery.deliverable_id,
    approval_id: delivery.approval_id,
    executed_at: DateTime.formatIso(executed_at),
    content_sha256: delivery.content_sha256,
  })
  return `${head.slice(0, -1)},"payload":${delivery.body}}`
}

const failed = (error: FileFailure) =>
  new DeliveryError({ why: `The journal can't be written: ${error.why}`, permanent: false })

const NEWLINE = 0x0a
const decoder = new TextDecoder()

/** How much of the journal is read at once, in bytes. */
const READ = 4_194_304

/**
 * Makes the effect that says of all deliveries that were written when they were. It reads what was appended since it was asked
 * last, by whomever, so that a journal of any length costs its end alone. A line that is not ended yet is read again.
 */
const makeWritten = Effect.fnUntraced(function* (path: string) {
  const files = yield* Files
  const lines = new Map<string, DateTime.Utc>()
  const turn = yield* Semaphore.make(1)
  let offset = 0
  let rest = new Uint8Array()

  const note = (bytes: Uint8Array) => {
    const text = new Uint8Array(rest.length + bytes.length)
    text.set(rest)
    text.set(bytes, rest.length)
    const end = text.lastIndexOf(NEWLINE) + 1
    rest = text.slice(end)
    offset += bytes.length
    for (const line of decoder.decode(text.subarray(0, end)).split("\n")) {
      const found = line.startsWith(`{"delivery_id":`) ? decodeLine(line) : Option.none()
      if (Option.isSome(found)) lines.set(found.value.delivery_id, found.value.executed_at)
    }
  }

  const catchUp = Effect.gen(function* () {
    while (true) {
      const bytes = yield* files.readFrom(path, offset, READ)
      if (bytes.length === 0) return
      note(bytes)
    }
  })

  return turn.withPermits(1)(catchUp).pipe(
    Effect.catchIf((error) => error.missing, () =>
      Effect.sync(() => {
        // removed, perhaps to begin a new one
        offset = 0
        rest = new Uint8Array()
        lines.clear()
      })),
    Effect.as(lines as ReadonlyMap<string, DateTime.Utc>),
  )
})

/** A delivery that is to be written, unless who asked for it gave up before it was begun. */
interface Writing {
  readonly delivery: Delivery
  isLeft: boolean
}

/**
 * Makes the target. `STINT_JOURNAL` is the file. A delivery whose line is there is not written again: after a crash, or when
 * the database was restored from before it. Deliveries at the same time share a write and its fsync.
 */
export const makeJournal = Effect.gen(function* () {
  const files = yield* Files
  const path = yield* Config.String("STINT_JOURNAL").pipe(Config.withDefault(".stint/journal.jsonl"))
  const written = yield* makeWritten(path)

  const write = yield* gather({
    nameOf: ({ delivery }: Writing) => delivery.delivery_id,
    ask: Effect.fnUntraced(function* (all: ReadonlyArray<Writing>) {
      const before = yield* written
      const now = yield* DateTime.now
      // one that was given up may have been refused since: it must not be written late
      const lines = all.filter(({ delivery, isLeft }) => !isLeft && !before.has(delivery.delivery_id))
        .map(({ delivery }) => lineOf(delivery, now))
      const found = all.map(({ delivery }) => before.get(delivery.delivery_id) ?? now)
      if (lines.length > 0) yield* files.appendLine(path, lines.join("\n"))
      return found
    }),
  })

  const deliver = Effect.fn("Journal.deliver")(function* (delivery: Delivery) {
    const writing: Writing = { delivery, isLeft: false }
    return yield* Effect.onInterrupt(write(writing), () => Effect.sync(() => void (writing.isLeft = true)))
  }, Effect.mapError(failed))

  const target: Target = { deliver }
  return target
})
