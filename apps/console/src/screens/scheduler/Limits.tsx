/** How many runs of a customer or of an agent type may be running at once. */
import { Button, NativeSelect, TextInput } from "@mantine/core"
import type { LimitScope, RunLimit } from "@stint/domain/scheduler/Limits"
import { useQuery, useQueryClient } from "@tanstack/react-query"
import { type ReactNode, useState } from "react"
import { limitsQuery, setLimit } from "../../api/Operations.ts"
import { ownZone } from "../../format/Time.ts"
import { count } from "../../format/Words.ts"
import { useActions } from "../../shell/Actions.ts"
import { useIsOperator } from "../../shell/Role.ts"
import { Ask, isReason, ReasonField } from "../../ui/Ask.tsx"
import { Ago } from "../../ui/Instant.tsx"
import { Bone, Empty, Loaded } from "../../ui/States.tsx"
import { Table } from "../../ui/Table.tsx"
import { toast } from "../../ui/Toasts.tsx"

type Scope = typeof LimitScope.Encoded

const words = (scope: Scope): string => {
  if (scope.every !== undefined) return scope.every === "customer" ? "each customer" : "each agent type"
  return scope.customer_id === undefined ? `agent type ${scope.agent_id}` : `customer ${scope.customer_id}`
}

const kinds = [
  { value: "customer_id", label: "One customer" },
  { value: "agent_id", label: "One agent type" },
  { value: "customer", label: "Each customer without its own" },
  { value: "agent_type", label: "Each agent type without its own" },
] as const

const scopeOf = (kind: string, id: string): Scope =>
  kind === "customer_id"
    ? { customer_id: id.trim() }
    : kind === "agent_id"
    ? { agent_id: id.trim() }
    : { every: kind === "customer" ? "customer" : "agent_type" }

const LimitForm = (
  { close, limit }: { readonly limit: RunLimit | undefined; readonly close: () => void },
): ReactNode => {
  const client = useQueryClient()
  const [kind, setKind] = useState<string>("customer_id")
  const [id, setId] = useState("")
  const [most, setMost] = useState(limit?.max_running == null ? "" : String(limit.max_running))
  const [reason, setReason] = useState("")
  const scope = limit?.scope ?? scopeOf(kind, id)
  const act = () =>
    setLimit(scope, Number(most), reason).then(() => {
      toast("ok", `At most ${count(Number(most))} at once: ${words(scope)}.`)
      void client.invalidateQueries({ queryKey: ["scheduler"] })
    })
  const named = limit !== undefined || kind === "customer" || kind === "agent_type" || id.trim() !== ""
  return (
    <Ask
      title={limit === undefined ? "Set a limit" : `Limit of ${words(limit.scope)}`}
      verb="Set it"
      act={act}
      close={close}
      ready={named && /^\d+$/.test(most.trim()) && isReason(reason)}
    >
      <p className="dim">It binds from the next claim on, over all replicas together; what runs goes on.</p>
      {limit !== undefined ? null : (
        <div className="fields">
          <NativeSelect
            label="Of"
            data={[...kinds]}
            value={kind}
            onChange={(event) => setKind(event.currentTarget.value)}
          />
          {kind === "customer_id" || kind === "agent_id"
            ? (
              <TextInput
                label={kind === "customer_id" ? "Customer id" : "Agent type"}
                required
                value={id}
                onChange={(event) => setId(event.currentTarget.value)}
              />
            )
            : null}
        </div>
      )}
      <TextInput
        label="Runs at once"
        inputMode="numeric"
        required
        value={most}
        onChange={(event) => setMost(event.currentTarget.value)}
      />
      <ReasonField reason={reason} set={setReason} />
    </Ask>
  )
}

const RemoveForm = ({ close, limit }: { readonly limit: RunLimit; readonly close: () => void }): ReactNode => {
  const client = useQueryClient()
  const [reason, setReason] = useState("")
  const act = () =>
    setLimit(limit.scope, null, reason).then(() => {
      toast("ok", `No limit any more: ${words(limit.scope)}.`)
      void client.invalidateQueries({ queryKey: ["scheduler"] })
    })
  return (
    <Ask
      title={`Remove the limit of ${words(limit.scope)}?`}
      verb="Remove it"
      bad
      act={act}
      close={close}
      ready={isReason(reason)}
    >
      <ReasonField reason={reason} set={setReason} autoFocus />
    </Ask>
  )
}

type Asked =
  | { readonly kind: "set"; readonly limit?: RunLimit }
  | { readonly kind: "remove"; readonly limit: RunLimit }
  | undefined

/** The part. */
export const Limits = (): ReactNode => {
  const query = useQuery(limitsQuery)
  const operator = useIsOperator()
  const [asked, setAsked] = useState<Asked>()
  const close = () => setAsked(undefined)
  const add = () => setAsked({ kind: "set" })
  useActions(operator ? [{ label: "Set a limit", keys: "l", run: add }] : [])
  return (
    <section>
      <div className="section-head">
        <h2>Runs at once</h2>
        <span className="spring" />
        {operator ? <Button size="xs" variant="default" onClick={add}>Set a limit…</Button> : null}
      </div>
      <Loaded of={query} skeleton={<Bone height={120} />}>
        {(limits) =>
          limits.length === 0
            ? (
              <Empty title="There are no limits">
                <p>Customers share every claim evenly.</p>
              </Empty>
            )
            : (
              <Table
                label="Limits"
                columns={[{ label: "Of" }, { label: "At once", number: true }, { label: "Set by", wide: true }, {
                  label: "When",
                  wide: true,
                }, { label: "Actions", silent: true }]}
                rows={limits.map((limit) => ({
                  key: words(limit.scope),
                  cells: [
                    words(limit.scope),
                    limit.max_running === null ? "" : count(limit.max_running),
                    limit.set_by,
                    <Ago key="when" at={limit.updated_at} zone={ownZone} />,
                    operator
                      ? (
                        <span key="do" className="row-actions">
                          <button
                            type="button"
                            className="link-button"
                            onClick={() => setAsked({ kind: "set", limit })}
                          >
                            Change…
                          </button>
                          <button
                            type="button"
                            className="link-button bad"
                            onClick={() => setAsked({ kind: "remove", limit })}
                          >
                            Remove…
                          </button>
                        </span>
                      )
                      : null,
                  ],
                }))}
              />
            )}
      </Loaded>
      {asked?.kind === "set" ? <LimitForm limit={asked.limit} close={close} /> : null}
      {asked?.kind === "remove" ? <RemoveForm limit={asked.limit} close={close} /> : null}
    </section>
  )
}
