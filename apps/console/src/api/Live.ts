/**
 * Live changes: server-sent events name the topics that changed; while they fail, the page asks every ten seconds. Whoever reads
 * may hold them: then nothing is read again until they go on.
 */
import { focusManager, type QueryClient } from "@tanstack/react-query"
import { Schema } from "effect"
import { topics } from "./Queries.ts"

/** How often the page asks while there are no events, in milliseconds. */
const POLL_MS = 10_000

/** How long changes are collected before what they touch is read again, in milliseconds. */
const GATHER_MS = 150

/** Whether changes arrive by themselves: `live`, `polling` while the events fail, or `held` by whoever reads. */
export type Liveness = "live" | "polling" | "held"

const Changes = Schema.fromJsonString(Schema.Struct({ topics: Schema.Array(Schema.String) }))
const decode = Schema.decodeUnknownOption(Changes)

let following: "live" | "polling" = "polling"
let held = false
const watchers = new Set<() => void>()

const tell = (): void => {
  for (const watcher of watchers) watcher()
}

const say = (now: typeof following): void => {
  if (following === now) return
  following = now
  tell()
}

/** Holds what is on the screen as it is, or lets it go on: then all of it is read again. */
export const hold = (client: QueryClient, on: boolean): void => {
  held = on
  // to queries it is as if nobody looked: none is read again by time alone
  focusManager.setFocused(on ? false : undefined)
  tell()
  if (!on) void client.invalidateQueries()
}

/** The store of the liveness, for useSyncExternalStore. */
export const livenessStore = {
  subscribe: (watcher: () => void) => {
    watchers.add(watcher)
    return () => watchers.delete(watcher)
  },
  get: (): Liveness => held ? "held" : following,
}

/** Follows the changes until it is called off. */
export const followChanges = (client: QueryClient): () => void => {
  const changed = new Set<string>()
  let gathering: ReturnType<typeof setTimeout> | undefined
  const refresh = () => {
    gathering = undefined
    if (held) {
      changed.clear()
      return
    }
    for (const topic of changed) void client.invalidateQueries({ queryKey: [topic] })
    changed.clear()
  }
  const events = new EventSource("/events")
  events.addEventListener("open", () => say("live"))
  events.addEventListener("error", () => say("polling"))
  events.addEventListener("change", ({ data }) => {
    const found = decode(data)
    for (const topic of found._tag === "Some" ? found.value.topics : topics) changed.add(topic)
    gathering ??= setTimeout(refresh, GATHER_MS)
  })
  const poll = setInterval(() => {
    if (held || following === "live" || document.visibilityState === "hidden") return
    for (const topic of topics) void client.invalidateQueries({ queryKey: [topic] })
  }, POLL_MS)
  return () => {
    events.close()
    clearInterval(poll)
    clearTimeout(gathering)
    say("polling")
  }
}
