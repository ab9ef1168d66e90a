/** Ctrl/Cmd-K: finds any screen, hire, goal or draft by its name or id, and does any action of the screen. */
import { useNavigate } from "@tanstack/react-router"
import { type KeyboardEvent, type ReactNode, useEffect, useId, useMemo, useRef, useState } from "react"
import { Dialog } from "../ui/Dialog.tsx"
import { currentActions } from "./Actions.ts"
import { directOf } from "./Direct.ts"
import { type Found, useFound } from "./Finders.ts"
import styles from "./palette.module.css"
import { useUser } from "./User.ts"

/** The most lines that are shown. */
const LINES = 12

const matches = ({ id, kind, label }: Found, words: ReadonlyArray<string>): boolean => {
  const text = `${label} ${kind} ${id ?? ""}`.toLowerCase()
  return words.every((word) => text.includes(word))
}

const useLines = (asked: string, close: () => void): ReadonlyArray<Found> => {
  const [actions] = useState(currentActions)
  const found = useFound()
  return useMemo(() => {
    const all: ReadonlyArray<Found> = [
      ...actions.map(({ keys, label, run }) => ({ kind: "do", label, run, ...(keys === undefined ? {} : { keys }) })),
      ...found,
    ]
    const words = asked.toLowerCase().split(/\s+/).filter((word) => word !== "")
    return all.filter((one) => matches(one, words)).slice(0, LINES)
      .map((one) => ({
        ...one,
        run: () => {
          close()
          // after the dialog has given the focus back, so that an action may move it
          setTimeout(one.run)
        },
      }))
  }, [actions, asked, close, found])
}

/** The palette. */
export const Palette = ({ close }: { readonly close: () => void }): ReactNode => {
  const [asked, setAsked] = useState("")
  const [at, setAt] = useState(0)
  const list = useId()
  const input = useRef<HTMLInputElement>(null)
  const navigate = useNavigate()
  // of what is typed now: a return right after it must not do what stood there before
  const lines = useLines(asked, close)
  useEffect(() => input.current?.focus(), [])
  const chosen = lines[Math.min(at, lines.length - 1)]
  const move = (by: number) => setAt((was) => (Math.min(was, lines.length - 1) + by + lines.length) % lines.length)
  const keys = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault()
      move(event.key === "ArrowDown" ? 1 : -1)
    } else if (event.key === "Enter") {
      event.preventDefault()
      chosen?.run()
    }
  }
  const direct = directOf(asked, useUser().role)
  const goTo = () => {
    close()
    if (direct !== undefined) void navigate(direct)
  }
  return (
    <Dialog label="Find" close={close} wide>
      <input
        ref={input}
        className={styles.input}
        role="combobox"
        aria-expanded="true"
        aria-controls={list}
        aria-activedescendant={chosen === undefined ? undefined : `${list}-${lines.indexOf(chosen)}`}
        aria-label="Find a screen, a name, an id, or an action"
        placeholder="Find a screen, a name, an id, or an action"
        value={asked}
        onChange={(event) => {
          setAsked(event.target.value)
          setAt(0)
        }}
        onKeyDown={(event) =>
          lines.length === 0 && direct !== undefined && event.key === "Enter" ? goTo() : keys(event)}
      />
      <ul id={list} role="listbox" aria-label="Found" className={styles.list}>
        {lines.map((line, index) => (
          <li
            key={`${line.kind} ${line.id ?? line.label}`}
            id={`${list}-${index}`}
            role="option"
            aria-selected={line === chosen}
            className={styles.line}
            onMouseMove={() => setAt(index)}
            onClick={line.run}
          >
            <span className={styles.kind}>{line.kind}</span>
            <span className="ellipsis">{line.label}</span>
            {line.keys === undefined ? null : <span className="kbd">{line.keys}</span>}
          </li>
        ))}
      </ul>
      {lines.length > 0 ? null : direct !== undefined
        ? (
          <p className={styles.none}>
            <button type="button" className="link-button" onClick={goTo}>Open {asked.trim()}</button>
          </p>
        )
        : <p className={styles.none}>Nothing is called that.</p>}
    </Dialog>
  )
}
