/** Whom a service believes: the public keys that tokens are verified with, and which tokens are revoked. Both may change. */
import { Unavailable } from "@stint/domain/Problem"
import { Config, Context, Effect, Layer, Option, Result } from "effect"
import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from "jose"
import { Files } from "../Files.ts"
import { Health } from "../Health.ts"
import { httpUrl } from "../Places.ts"
import { Refusal } from "../Refusal.ts"
import { refetchKeys, rereadFile } from "../Schedules.ts"
import * as Watchdog from "../Watchdog.ts"
import * as Jwks from "./Jwks.ts"
import { type Document, keep, type Kept } from "../Kept.ts"
import * as Revoked from "./Revoked.ts"

/** A key that is not known may be new: how old the last look at a file, and at a url, has to be for another, in milliseconds. */
const FILE_AGAIN_MS = 1_000
const URL_AGAIN_MS = 10_000
/** How long one look may take before the watchdog says so. */
const LOOK = "10 seconds"

/** What holds at one moment. Another moment's is another object when anything differs. */
export interface Believed {
  readonly keys: JWTVerifyGetKey
  readonly revoked: Revoked.Revoked
}

/** The keys and the revocations. */
export class Trust extends Context.Service<Trust, {
  /** What holds now. Unavailable: no key set was read yet. */
  readonly now: Effect.Effect<Believed, Unavailable>
  /** A token names a key that is not known: looks again, unless that was a moment ago. */
  readonly lookAgain: Effect.Effect<void>
}>()("stint/Trust") {
  /**
   * The keys come from `STINT_JWKS_URL`, else from the file `STINT_JWKS_FILE`, else from `STINT_JWKS`, which stays; the
   * revocations from the file `STINT_REVOKED_FILE`. What can change is read anew by the schedules `refetchKeys` and
   * `rereadFile`.
   */
  static readonly layer = Layer.effect(
    Trust,
    Effect.gen(function* () {
      const health = yield* Health
      let believed: Believed | undefined
      const changed = () => believed = undefined
      const { again, keys } = yield* keySource(changed)
      const revocations = yield* revocationSource(changed)

      const now = Effect.suspend((): Effect.Effect<Believed, Unavailable> => {
        if (believed !== undefined) return Effect.succeed(believed)
        const set = keys.value()
        if (Option.isNone(set)) {
          return Effect.fail(
            new Unavailable({ detail: "The keys that tokens are checked with could not be fetched yet; try again" }),
          )
        }
        const revoked = Option.getOrElse(revocations.value(), () => Revoked.none)
        return Effect.succeed(believed = { keys: verifierOf(set.value, revoked), revoked })
      })

      yield* health.require({
        name: "keys",
        check: Effect.asVoid(Effect.mapError(now, ({ detail }) => detail ?? "no keys")),
      })
      return Trust.of({
        // Before the first set a request waits for it, rather than being refused while it is on its way
        now: Effect.catch(now, () => Effect.andThen(keys.refreshIfOlder(FILE_AGAIN_MS), now)),
        lookAgain: keys.refreshIfOlder(again),
      })
    }),
  )
}

/** A revoked key is as good as none. */
const verifierOf = ({ keys }: JSONWebKeySet, { kid: revoked }: Revoked.Revoked): JWTVerifyGetKey =>
  createLocalJWKSet({ keys: keys.filter(({ kid }) => kid === undefined || !revoked.has(kid)) })

/** Where the keys come from, and how old a look may be when a token names an unknown one, in milliseconds. */
const keySource = Effect.fnUntraced(function* (changed: () => void) {
  const [url, file] = yield* Effect.all([
    httpUrl("STINT_JWKS_URL"),
    Config.option(Config.String("STINT_JWKS_FILE")),
  ])
  if (Option.isSome(url)) {
    const load = Jwks.fetchText(url.value.href)
    const keys = keep({ name: "STINT_JWKS_URL", load, parse: Jwks.parseSome, changed })
    yield* again("keys", refetchKeys, keys)
    return { keys, again: URL_AGAIN_MS }
  }
  if (Option.isSome(file)) {
    return {
      keys: yield* fromFile({ name: "STINT_JWKS_FILE", path: file.value, parse: Jwks.parseSome, changed }),
      again: FILE_AGAIN_MS,
    }
  }
  const keys = keep({
    name: "STINT_JWKS",
    load: Effect.succeed(yield* Config.String("STINT_JWKS")),
    parse: Jwks.parse,
    changed,
  })
  yield* refusing("STINT_JWKS", keys)
  return { keys, again: Infinity }
})

const revocationSource = Effect.fnUntraced(function* (changed: () => void) {
  const path = yield* Config.option(Config.String("STINT_REVOKED_FILE"))
  return Option.isNone(path)
    ? { value: Option.none<Revoked.Revoked> }
    : yield* fromFile({ name: "STINT_REVOKED_FILE", path: path.value, parse: Revoked.parse, changed })
})

/** A file that must be readable at the start, and is read anew from then on. */
const fromFile = Effect.fnUntraced(function* <A>(
  { path, ...document }: Omit<Document<A>, "load"> & {
    readonly path: string
    readonly parse: (text: string) => Result.Result<A, string>
  },
) {
  const files = yield* Files
  const load = Effect.mapError(files.read(path), ({ why }) => `can't be read: ${why}`)
  const kept = keep({ ...document, load })
  yield* refusing(document.name, kept)
  yield* again(document.name, rereadFile, kept)
  return kept
})

/** The first look, at the start: a wrong setting ends it. */
const refusing = <A>(name: string, { refresh }: Kept<A>) =>
  Effect.mapError(refresh, (why) => new Refusal({ message: `${name} ${why}` }))

/** Looks again for ever, in the background. */
const again = <A>(name: string, schedule: typeof rereadFile, { refresh }: Kept<A>) =>
  Watchdog.guard(`reading ${name}`, LOOK)(Effect.ignore(refresh)).pipe(
    Effect.repeat(schedule),
    Effect.forkScoped,
  )
