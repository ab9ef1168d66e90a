/** Who is signed in, the theme, the way out. */
import { Button, useMantineColorScheme } from "@mantine/core"
import { useQueryClient } from "@tanstack/react-query"
import { useNavigate } from "@tanstack/react-router"
import type { ReactNode } from "react"
import { failureOf } from "../api/Client.ts"
import { sessionQuery, signOut } from "../api/Session.ts"
import { ownZone } from "../format/Time.ts"
import { Dialog } from "../ui/Dialog.tsx"
import { Instant } from "../ui/Instant.tsx"
import { toast } from "../ui/Toasts.tsx"
import styles from "./shell.module.css"
import { useUser } from "./User.ts"

const schemes = [["auto", "As the system"], ["light", "Light"], ["dark", "Dark"]] as const

const Theme = (): ReactNode => {
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  return (
    <fieldset className={styles.choices}>
      <legend>Theme</legend>
      {schemes.map(([scheme, label]) => (
        <label key={scheme}>
          <input
            type="radio"
            name="theme"
            checked={colorScheme === scheme}
            onChange={() => setColorScheme(scheme)}
          />
          {label}
        </label>
      ))}
    </fieldset>
  )
}

/** The account. */
export const Account = (
  { close, showKeys }: { readonly close: () => void; readonly showKeys: () => void },
): ReactNode => {
  const user = useUser()
  const client = useQueryClient()
  const navigate = useNavigate()
  const leave = () =>
    signOut().then(async (session) => {
      client.clear()
      client.setQueryData(sessionQuery.queryKey, session)
      await navigate({ to: "/sign-in" })
    }).catch((error: unknown) => toast("bad", failureOf(error).message))
  return (
    <Dialog label="Account" close={close}>
      <div className={styles.sheet}>
        <h2 className="ellipsis">{user.subject}</h2>
        <dl className="facts">
          <dt>Role</dt>
          <dd>{user.role}</dd>
          {user.customer_id === undefined || user.customer_id === user.subject ? null : (
            <>
              <dt>Acts for</dt>
              <dd>{user.customer_id}</dd>
            </>
          )}
          {user.duties === undefined ? null : (
            <>
              <dt>May</dt>
              <dd>{user.duties.join(", ") || "read"}</dd>
            </>
          )}
          <dt>Signed in until</dt>
          <dd>
            <Instant at={user.expires_at} zone={ownZone} />
          </dd>
        </dl>
        <Theme />
        <div className={styles.links}>
          <button type="button" className="link-button" onClick={showKeys}>Keys</button>
          <a href="/docs" target="_blank" rel="noreferrer">The API</a>
        </div>
        <div className={styles.buttons}>
          <Button variant="default" onClick={close}>Close</Button>
          <Button variant="default" onClick={() => void leave()}>Sign out</Button>
        </div>
      </div>
    </Dialog>
  )
}
