/** The time, as long as something on the screen depends on it: one timer for all. */
import { useSyncExternalStore } from "react"

/** How often it moves on, in milliseconds. */
const STEP_MS = 10_000

let now = Date.now()
let timer: ReturnType<typeof setInterval> | undefined
const watchers = new Set<() => void>()

const subscribe = (watcher: () => void) => {
  watchers.add(watcher)
  timer ??= setInterval(() => {
    now = Date.now()
    for (const one of watchers) one()
  }, STEP_MS)
  return () => {
    watchers.delete(watcher)
    if (watchers.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}

/** Milliseconds since 1970, to ten seconds. */
export const useNow = (): number => {
  // what has just arrived is not of the future
  if (timer === undefined) now = Date.now()
  return useSyncExternalStore(subscribe, () => now)
}
