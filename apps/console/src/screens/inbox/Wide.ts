import { useSyncExternalStore } from "react"

/** From this width on the list and the draft stand beside each other, as in inbox.module.css. */
const wide = matchMedia("(min-width: 761px)")

const subscribe = (watcher: () => void) => {
  wide.addEventListener("change", watcher)
  return () => wide.removeEventListener("change", watcher)
}

/** Whether there is room for the list and the draft beside each other. */
export const useWide = (): boolean => useSyncExternalStore(subscribe, () => wide.matches)
