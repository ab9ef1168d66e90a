/** Sign-in: by the identity provider, and on a local stack with one click per role. */
import { Button } from "@mantine/core"
import type { LocalPerson, PersonRole } from "@stint/domain/gateway/Sessions"
import { useMutation, useQueryClient, useSuspenseQuery } from "@tanstack/react-query"
import { getRouteApi, useRouter } from "@tanstack/react-router"
import { type ReactNode, useState } from "react"
import { failureOf } from "../../api/Client.ts"
import { oidcUrl, sessionQuery, signInLocally } from "../../api/Session.ts"
import { capital } from "../../format/Words.ts"
import { placesOf } from "../../shell/Navigation.ts"
import { useTitle } from "../../ui/Page.tsx"
import styles from "./sign-in.module.css"

const route = getRouteApi("/sign-in")

const words: Record<PersonRole, string> = {
  customer: "Hires agents, sets their goals, signs what they draft",
  operator: "Runs the system: schedules, failures, agent types",
  viewer: "Sees everything, changes nothing",
}

const Local = (
  { people = [], roles }: {
    readonly roles: ReadonlyArray<PersonRole>
    readonly people?: ReadonlyArray<LocalPerson> | undefined
  },
): ReactNode => {
  const [subject, setSubject] = useState("")
  const { return_to = "/" } = route.useSearch()
  const client = useQueryClient()
  const router = useRouter()
  const signIn = useMutation({
    mutationFn: signInLocally,
    onSuccess: (session) => {
      client.setQueryData(sessionQuery.queryKey, session)
      router.history.push(return_to)
    },
  })
  // a role without a screen would find an empty page
  const open = roles.filter((role) => placesOf(role).length > 0)
  const named = subject.trim() === "" ? {} : { subject: subject.trim() }
  return (
    <section className={styles.local} aria-label="Local stack">
      {open.map((role) => (
        <button
          key={role}
          type="button"
          className={styles.role}
          disabled={signIn.isPending}
          onClick={() => signIn.mutate({ role, ...named })}
        >
          <b>{capital(role)}</b>
          <span className="dim">{words[role]}</span>
        </button>
      ))}
      {people.map((person) => (
        <button
          key={person.subject}
          type="button"
          className={styles.role}
          disabled={signIn.isPending}
          onClick={() => signIn.mutate({ role: "customer", ...person })}
        >
          <b>{person.duties.map(capital).join(", ")}</b>
          <span className="dim">Decides on drafts for {person.customer_id}, as {person.subject}</span>
        </button>
      ))}
      <label className={styles.subject}>
        <span className="dim">As somebody else</span>
        <input
          className="field-input"
          value={subject}
          onChange={(event) => setSubject(event.target.value)}
          placeholder="a customer's id, or a name"
          autoComplete="off"
          spellCheck={false}
        />
      </label>
      {signIn.isError ? <p role="alert" className={styles.error}>{failureOf(signIn.error).message}</p> : null}
    </section>
  )
}

/** The sign-in. */
export const SignIn = (): ReactNode => {
  useTitle("Sign in")
  const { return_to = "/" } = route.useSearch()
  const { ways } = useSuspenseQuery(sessionQuery).data
  return (
    <main className={styles.page}>
      <div className={styles.box}>
        <h1>Stint</h1>
        <p className="dim">Agents that work to a schedule and never act without a signature.</p>
        {ways.map((way) =>
          way.kind === "local"
            ? <Local key="local" roles={way.roles} people={way.people} />
            : (
              <Button key={way.title} component="a" href={oidcUrl(return_to)} fullWidth>
                Sign in with {way.title}
              </Button>
            )
        )}
        {ways.length === 0 ? <p>No way to sign in is set up here.</p> : null}
      </div>
    </main>
  )
}
