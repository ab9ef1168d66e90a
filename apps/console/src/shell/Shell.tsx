/** The frame of all screens: navigation by role, who is signed in, keys, palette, messages, live changes. */
import { useQueryClient } from "@tanstack/react-query"
import { Link, Outlet, useLocation, useNavigate } from "@tanstack/react-router"
import { lazy, type ReactNode, Suspense, useEffect, useRef, useState, useSyncExternalStore } from "react"
import { followChanges, hold, livenessStore } from "../api/Live.ts"
import { Toasts } from "../ui/Toasts.tsx"
import { useActions, useKeys } from "./Actions.ts"
import { WaitingBadge } from "./Badges.tsx"
import { placesOf } from "./Navigation.ts"
import styles from "./shell.module.css"
import { useUser } from "./User.ts"

const Account = lazy(() => import("./Account.tsx").then(({ Account }) => ({ default: Account })))
const KeyHelp = lazy(() => import("./KeyHelp.tsx").then(({ KeyHelp }) => ({ default: KeyHelp })))
const Palette = lazy(() => import("./Palette.tsx").then(({ Palette }) => ({ default: Palette })))

type Open = "palette" | "keys" | "account" | undefined

const Navigation = (): ReactNode => {
  const { role } = useUser()
  const list = useRef<HTMLUListElement>(null)
  const { pathname } = useLocation()
  // on a phone they stand in a row that is wider than it
  useEffect(() => {
    list.current?.querySelector("[aria-current=page]")?.scrollIntoView({ block: "nearest", inline: "center" })
  }, [pathname])
  return (
    <ul ref={list} className={styles.places}>
      {placesOf(role).map(({ also = [], badge, label, to }) => {
        const inIt = also.some((path) => pathname.startsWith(path))
        return (
          <li key={to}>
            <Link
              to={to}
              className={inIt ? `${styles.place} ${styles.here}` : styles.place}
              aria-current={inIt ? "page" : undefined}
              activeProps={{ className: styles.here }}
            >
              {label}
              {badge === "waiting" ? <WaitingBadge /> : null}
            </Link>
          </li>
        )
      })}
    </ul>
  )
}

const isMac = /Mac|iP(hone|ad)/.test(navigator.userAgent)

/** The frame. */
export const Shell = (): ReactNode => {
  const [open, setOpen] = useState<Open>()
  const client = useQueryClient()
  const navigate = useNavigate()
  const user = useUser()
  const liveness = useSyncExternalStore(livenessStore.subscribe, livenessStore.get)
  useEffect(() => followChanges(client), [client])
  useKeys(() => setOpen("palette"))
  useActions([
    ...placesOf(user.role).map(({ keys, label, to }) => ({
      label: `Go to ${label}`,
      keys,
      run: () => void navigate({ to }),
    })),
    {
      label: liveness === "held" ? "Let changes arrive again" : "Hold what is shown: no changes arrive",
      keys: "h",
      run: () => hold(client, liveness !== "held"),
    },
    { label: "Show the keys", keys: "?", run: () => setOpen("keys") },
    { label: "Account and theme", run: () => setOpen("account") },
  ])
  const close = () => setOpen(undefined)
  return (
    <div className={styles.app}>
      <a className={styles.skip} href="#main">To the content</a>
      <nav className={styles.nav} aria-label="Screens">
        <div className={styles.brand}>Stint</div>
        <Navigation />
        <button type="button" className={styles.find} onClick={() => setOpen("palette")}>
          <span>Find</span>
          <span className="kbd">{isMac ? "⌘" : "Ctrl"} K</span>
        </button>
        <button
          type="button"
          className={styles.live}
          data-live={liveness}
          aria-pressed={liveness === "held"}
          title={liveness === "held" ? "Let changes arrive again" : "Hold what is shown"}
          onClick={() => hold(client, liveness !== "held")}
        >
          {liveness}
        </button>
        <button type="button" className={styles.who} onClick={() => setOpen("account")}>
          <span className="ellipsis">{user.subject}</span>
          <span className={styles.role}>
            {user.duties === undefined ? user.role : user.duties.join(", ") || "reader"}
          </span>
        </button>
      </nav>
      <main id="main" className={styles.main} tabIndex={-1}>
        <Outlet />
      </main>
      <Toasts />
      <Suspense fallback={null}>
        {open === "palette" ? <Palette close={close} /> : null}
        {open === "keys" ? <KeyHelp close={close} /> : null}
        {open === "account" ? <Account close={close} showKeys={() => setOpen("keys")} /> : null}
      </Suspense>
    </div>
  )
}
