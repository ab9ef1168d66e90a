/** Settings that hold urls or list hosts. What can't be read is a Refusal that names the setting. */
import { type AllowedHost, parseHostList, parseHttpUrl, type SettingError } from "@stint/domain/HostList"
import { Config, Effect, Option } from "effect"
import { Refusal } from "./Refusal.ts"

const read = <A>(parse: () => A) =>
  Effect.try({ try: parse, catch: (error) => new Refusal({ message: (error as SettingError).message }) })

/** The hosts that a setting lists, separated by commas (`host`, `host:port`, `tenant=host:port`); none unless it is given. */
export const hostList = (name: string): Effect.Effect<ReadonlyArray<AllowedHost>, Config.ConfigError | Refusal> =>
  Config.String(name).pipe(
    Config.withDefault(""),
    Effect.flatMap((text) => read(() => parseHostList(name, text))),
  )

/** The absolute http or https url that a setting holds. */
export const httpUrl = (name: string): Effect.Effect<Option.Option<URL>, Config.ConfigError | Refusal> =>
  Effect.flatMap(
    Config.option(Config.String(name)),
    Option.match({
      onNone: () => Effect.succeedNone,
      onSome: (text) => Effect.asSome(read(() => parseHttpUrl(name, text))),
    }),
  )
