/** Files that a setting names and that are read once, at the start. */
import { Config, Effect, Option, Result } from "effect"
import { Files } from "./Files.ts"
import { Refusal } from "./Refusal.ts"

/**
 * What the file says that a setting names; none unless it names one. A file that can't be read, or whose text `parse` refuses with a
 * sentence that begins with a verb, is a Refusal: the program does not start.
 */
export const settingFile = <A>(
  name: string,
  parse: (text: string) => Result.Result<A, string>,
): Effect.Effect<Option.Option<A>, Config.ConfigError | Refusal, Files> =>
  Effect.gen(function* () {
    const path = yield* Config.option(Config.NonEmptyString(name))
    if (Option.isNone(path)) return Option.none()
    const files = yield* Files
    const refuse = (why: string) => new Refusal({ message: `${name} names a file that ${why}` })
    const text = yield* Effect.mapError(files.read(path.value), ({ why }) => refuse(`can't be read: ${why}`))
    return Option.some(yield* Effect.mapError(Effect.fromResult(parse(text)), refuse))
  })
