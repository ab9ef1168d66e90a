/** The target `journal`: a local file, one line of JSON for each delivery. */
import { type FileFailure, Files } from "@stint/edge/Files"
import { Config, DateTime, Effect, Option, Schema } from "effect"
import { type Delivery, DeliveryError, type Target } from "./Target.ts"

/** What a repeated attempt reads of the line of an earlier one. */
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

/** When the delivery was written; none when its line is missing or incomplete. */
const findLine = (text: string, delivery_id: string): Option.Option<DateTime.Utc> => {
  const start = `{"delivery_id":${JSON.stringify(delivery_id)},`
  for (const line of text.split("\n")) {
    if (!line.startsWith(start)) continue
    const found = decodeLine(line)
    if (Option.isSome(found)) return Option.some(found.value.executed_at)
  }
  return Option.none()
}

const failed = (error: FileFailure) =>
  new DeliveryError({ why: `The journal can't be written: ${error.why}`, permanent: false })

/** Makes the target. `STINT_JOURNAL` is the file. A first attempt appends; a repeated one looks for its line before. */
export const makeJournal = Effect.gen(function* () {
  const files = yield* Files
  const path = yield* Config.String("STINT_JOURNAL").pipe(Config.withDefault(".stint/journal.jsonl"))

  const written = (delivery_id: string) =>
    files.read(path).pipe(
      Effect.map((text) => findLine(text, delivery_id)),
      Effect.catchIf((error) => error.missing, () => Effect.succeed(Option.none<DateTime.Utc>())),
    )

  const deliver = Effect.fn("Journal.deliver")(function* (delivery: Delivery) {
    const before = delivery.attempts > 1 ? yield* written(delivery.delivery_id) : Option.none()
    if (Option.isSome(before)) return before.value
    const now = yield* DateTime.now
    yield* files.appendLine(path, lineOf(delivery, now))
    return now
  }, Effect.mapError(failed))

  const target: Target = { deliver }
  return target
})
