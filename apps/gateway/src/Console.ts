/** The console's files: what its build made, in the folder that `STINT_CONSOLE_DIST` names. */
import { type FileFailure, Files } from "@stint/edge/Files"
import { Config, Context, Effect, Layer, Option } from "effect"

/** How much of a file is read at once, in bytes. */
const CHUNK = 1024 * 1024

/** How many packed files are kept: more than a build has that a browser asks for. */
const KEPT = 200

/** A name that leads to no other folder. */
const plainName = /^(?!\.)[A-Za-z0-9._-]+$/

/** The page of a console that is not there. */
const notBuilt = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Stint</title>
<h1>The console is not built</h1>
<p>The services work all the same: <a href="/docs">/docs</a> describes them.</p>
</html>
`

/** The files. */
export class Console extends Context.Service<Console, {
  /** The page of the console, or one that says that there is none. */
  readonly page: Effect.Effect<Uint8Array<ArrayBuffer>>
  /** The same bytes, packed with gzip. What is packed under a name is kept: a file under `assets` never changes. */
  packed(name: string, bytes: Uint8Array<ArrayBuffer>): Effect.Effect<Uint8Array<ArrayBuffer>>
  /** A file below its folder; none when there is no such file. */
  file(names: ReadonlyArray<string>): Effect.Effect<Option.Option<Uint8Array<ArrayBuffer>>>
}>()("gateway/Console") {
  static readonly layer = Layer.effect(
    Console,
    Effect.gen(function* () {
      const files = yield* Files
      const folder = yield* Config.option(Config.String("STINT_CONSOLE_DIST"))

      const read = Effect.fnUntraced(function* (path: string) {
        const chunks: Array<Uint8Array<ArrayBuffer>> = []
        for (let at = 0;;) {
          const chunk = (yield* files.readFrom(path, at, CHUNK)) as Uint8Array<ArrayBuffer>
          if (chunk.length === 0) break
          chunks.push(chunk)
          at += chunk.length
        }
        return yield* Effect.promise((): Promise<Uint8Array<ArrayBuffer>> =>
          new Blob(chunks).arrayBuffer().then((all) => new Uint8Array(all))
        )
      })

      const file = Effect.fnUntraced(function* (names: ReadonlyArray<string>) {
        if (Option.isNone(folder) || !names.every((name) => plainName.test(name))) return Option.none()
        return yield* read([folder.value, ...names].join("/")).pipe(
          Effect.asSome,
          Effect.catch((failure: FileFailure) =>
            Effect.as(
              failure.missing ? Effect.void : Effect.logDebug(`a file of the console can't be read: ${failure.why}`),
              Option.none(),
            )
          ),
        )
      })

      const kept = new Map<string, Uint8Array<ArrayBuffer>>()
      const packed = (name: string, bytes: Uint8Array<ArrayBuffer>) =>
        Effect.suspend(() => {
          const known = kept.get(name)
          if (known !== undefined) return Effect.succeed(known)
          return Effect.promise(async () => {
            const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"))
            const made = new Uint8Array(await new Response(stream).arrayBuffer())
            if (kept.size >= KEPT) kept.delete(kept.keys().next().value!)
            if (name.startsWith("assets/")) kept.set(name, made)
            return made
          })
        })

      const missing = new TextEncoder().encode(notBuilt)
      return Console.of({
        file,
        packed,
        page: Effect.map(file(["index.html"]), Option.getOrElse(() => missing)),
      })
    }),
  )
}
