/** What can be done on the screen now: each action has a name, which the palette finds, and may have keys. */
import { useEffect, useLayoutEffect, useRef } from "react"

/** An action. */
export interface Action {
  /** What it does, as a command: Approve. */
  readonly label: string
  /** One key (`a`, `?`, `Escape`), or two after each other (`g i`). */
  readonly keys?: string
  readonly run: () => void
}

type Registered = { readonly current: ReadonlyArray<Action> }

const registered = new Set<Registered>()

/** Offers actions as long as the component is on the screen. Where two have the same keys, the later one counts. */
export const useActions = (actions: ReadonlyArray<Action>): void => {
  const latest = useRef(actions)
  useLayoutEffect(() => {
    latest.current = actions
  })
  // with what they act on: a key that is pressed as soon as it is seen is not lost
  useLayoutEffect(() => {
    registered.add(latest)
    return () => void registered.delete(latest)
  }, [])
}

/** The actions of now, those of the innermost screen first. */
export const currentActions = (): ReadonlyArray<Action> => [...registered].reverse().flatMap(({ current }) => current)

/** Whether keys belong to what has the focus, or to a dialog. */
const isTaken = ({ target }: KeyboardEvent): boolean =>
  document.querySelector("dialog[open]") !== null ||
  (target instanceof Element && target.closest("input, textarea, select, [contenteditable], [role=listbox]") !== null)

/** The keys that go on as long as they are held: they move, and do nothing else. */
const HELD: ReadonlySet<string> = new Set(["j", "k"])

/** How long the second key of two may take, in milliseconds. */
const SECOND_MS = 1_000

/** Listens to the keys of all actions; once, in the shell. */
export const useKeys = (palette: () => void): void => {
  const open = useRef(palette)
  useLayoutEffect(() => {
    open.current = palette
  })
  useEffect(() => {
    let first = ""
    let since = 0
    const listen = (event: KeyboardEvent) => {
      const { key } = event
      if ((event.metaKey || event.ctrlKey) && key.toLowerCase() === "k") {
        event.preventDefault()
        open.current()
        return
      }
      if (event.defaultPrevented || event.isComposing || event.metaKey || event.ctrlKey || event.altKey) return
      if (isTaken(event) || (event.repeat && !HELD.has(key))) return
      const pair = event.timeStamp - since < SECOND_MS ? `${first} ${key}` : key
      const actions = currentActions()
      const action = actions.find(({ keys }) => keys === pair) ?? actions.find(({ keys }) => keys === key)
      first = key
      since = action === undefined ? event.timeStamp : 0
      if (action === undefined) return
      event.preventDefault()
      action.run()
    }
    addEventListener("keydown", listen)
    return () => removeEventListener("keydown", listen)
  }, [])
}
