/** Sign-in: by the identity provider, and on a local stack with one click per role. */
import { Button } from "@mantine/core"
import type { PersonRole } from "@stint/domain/gateway/Sessions"
import { useMutation, useQueryClient, useSuspenseQuery } from "@tanstack/react-query"
import { getRouteApi, useRouter } from "@tanstack/react-router"
import { type ReactNode, useState } from "react"
import { failureOf } from "../../api/Client.ts"
import { type LocalSignIn, oidcUrl, sessionQuery, signInLocally } from "../../api/Session.ts"
import { placesOf } from "../../shell/Navigation.ts"
import { useTitle } from "../../ui/Page.tsx"
import styles from "./sign-in.module.css"

const route = getRouteApi("/sign-in")

/** The customer that a local stack is filled with. */
const SAMPLE = "sample-customer"

const words: Record<PersonRole, string> = {
  customer: "Hires agents, sets their goals, signs what they draft",
  operator: "Runs the system: schedules, failures, agent types",
  viewer: "Sees everything, changes nothing",
}

/** People of the customer that one signs in as, by their duties. */
const people = {
  reviewer: "One of its people: reviewer, who signs",
  editor: "One of its people: editor, who corrects",
  reader: "One of its people: reader",
} as const

const isDuty = (text: string): text is keyof typeof people => Object.hasOwn(people, text)

const whoIs = (role: PersonRole, subject: string, duty: string): LocalSignIn =>
  role === "customer" && isDuty(duty)
    ? { role, subject: `${duty}-1`, customer_id: subject || SAMPLE, duties: [duty] }
    : { role, ...(subject === "" ? {} : { subject }) }

const Local = ({ roles }: { readonly roles: ReadonlyArray<PersonRole> }): ReactNode => {
  const [subject, setSubject] = useState("")
  const [duties, setDuties] = useState("")
  const { return_to = "/" } = route.useSearch()
  const client = useQueryClient()
  const router = useRouter()
  const signIn = useMutation({
    mutationFn: (role: PersonRole) => signInLocally(whoIs(role, subject.trim(), duties)),
    onSuccess: (session) => {
      client.setQueryData(sessionQuery.queryKey, session)
      router.history.push(return_to)
    },
  })
  // a role without a screen would find an empty page
  const open = roles.filter((role) => placesOf(role).length > 0)
  return (
    <section className={styles.local} aria-label="Local stack">
      {open.map((role) => (
        <button
          key={role}
          type="button"
          className={styles.role}
          disabled={signIn.isPending}
          onClick={() => signIn.mutate(role)}
        >
          <b>{role.charAt(0).toUpperCase() + role.slice(1)}</b>
          <span className="dim">{words[role]}</span>
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
      <label className={styles.subject}>
        <span className="dim">What a customer may do</span>
        <select className="field-input" value={duties} onChange={(event) => setDuties(event.target.value)}>
          <option value="">All: it is the customer itself</option>
          {Object.entries(people).map(([duty, words]) => <option key={duty} value={duty}>{words}</option>)}
        </select>
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
            ? <Local key="local" roles={way.roles} />
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
