/** Live changes: server-sent events name the topics that changed; while they fail, the page asks every ten seconds. */
import type { QueryClient } from "@tanstack/react-query"
import { Schema } from "effect"
import { topics } from "./Queries.ts"

/** How often the page asks while there are no events, in milliseconds. */
const POLL_MS = 10_000

/** How long changes are collected before what they touch is read again, in milliseconds. */
const GATHER_MS = 150

/** Whether changes arrive by themselves: `live`, or `polling` while the events fail. */
export type Liveness = "live" | "polling"

const Changes = Schema.fromJsonString(Schema.Struct({ topics: Schema.Array(Schema.String) }))
const decode = Schema.decodeUnknownOption(Changes)

let liveness: Liveness = "polling"
const watchers = new Set<() => void>()

const say = (now: Liveness): void => {
  if (liveness === now) return
  liveness = now
  for (const watcher of watchers) watcher()
}

/** The store of the liveness, for useSyncExternalStore. */
export const livenessStore = {
  subscribe: (watcher: () => void) => {
    watchers.add(watcher)
    return () => watchers.delete(watcher)
  },
  get: (): Liveness => liveness,
}

/** Follows the changes until it is called off. */
export const followChanges = (client: QueryClient): () => void => {
  const changed = new Set<string>()
  let gathering: ReturnType<typeof setTimeout> | undefined
  const refresh = () => {
    gathering = undefined
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
    if (liveness === "live" || document.visibilityState === "hidden") return
    for (const topic of topics) void client.invalidateQueries({ queryKey: [topic] })
  }, POLL_MS)
  return () => {
    events.close()
    clearInterval(poll)
    clearTimeout(gathering)
    say("polling")
  }
}
