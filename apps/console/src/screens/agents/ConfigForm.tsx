/**
 * The config of a hire, as a form. Until it is finalized what is filled in is kept as it is typed, and the service says what
 * is missing; afterwards it is saved as a whole, or refused as a whole.
 */
import { Button } from "@mantine/core"
import type { AgentType } from "@stint/domain/catalog/AgentTypes"
import { configIssues } from "@stint/domain/Definition/Validate"
import type { Hire } from "@stint/domain/hiring/Hires"
import type { FieldIssue } from "@stint/domain/Problem"
import { useMutation, useQueryClient } from "@tanstack/react-query"
import { useNavigate } from "@tanstack/react-router"
import { type ReactNode, useEffect, useRef, useState } from "react"
import { CallFailed, failureOf } from "../../api/Client.ts"
import { draftHire, finalizeHire, hireQuery } from "../../api/Hires.ts"
import { Fields } from "../../form/Fields.tsx"
import { Form, Refusal } from "../../form/Form.tsx"
import { focusFirst, isSame, type Values } from "../../form/Values.ts"
import { counted } from "../../format/Words.ts"
import { toast } from "../../ui/Toasts.tsx"
import styles from "./agents.module.css"
import { useProposed, withoutUnseen, withProposals } from "./Proposed.ts"

/** How long after the last key a draft is kept, in milliseconds. */
const PAUSE_MS = 500

const root = "$.config"

/** The key of the config that a path is of. */
const keyOf = (path: string): string => /^\$\.config\.([^.[]+)/.exec(path)?.[1] ?? path

const useHireCall = () => {
  const client = useQueryClient()
  return async (call: Promise<Hire>): Promise<Hire> => {
    const hire = await call
    client.setQueryData(hireQuery(hire.hired_instance_id).queryKey, hire)
    void client.invalidateQueries({ queryKey: ["hires", "of"] })
    return hire
  }
}

const Draft = ({ hire, type }: { readonly hire: Hire; readonly type: AgentType }): ReactNode => {
  const { agent_id, hired_instance_id, missing, subscription_id } = hire
  const { proposed, seen } = useProposed(type.config_schema.fields, hire.config, root)
  const [values, setValues] = useState<Values>({ ...hire.config, ...proposed })
  // the faults of what nobody has filled in yet are counted, not shown, until someone wants to finish
  const [touched, setTouched] = useState<ReadonlySet<string>>(new Set())
  const [all, setAll] = useState(false)
  const navigate = useNavigate()
  const kept = useRef<Values>(hire.config)
  const keep = useHireCall()
  const save = useMutation({
    scope: { id: hired_instance_id },
    mutationFn: (config: Values) => keep(draftHire({ subscription_id, agent_id, config })),
    onSuccess: (_, config) => {
      kept.current = config
    },
  })
  const { mutate } = save
  // what is proposed goes with what a person has filled in, not by itself
  const begun = touched.size > 0
  useEffect(() => {
    const config = withoutUnseen(values, proposed, seen.current)
    if (!begun || isSame(config, kept.current)) return
    const timer = setTimeout(() => mutate(config), PAUSE_MS)
    return () => clearTimeout(timer)
  }, [begun, mutate, proposed, seen, values])
  const finalize = useMutation({
    mutationFn: async () => {
      const config = withoutUnseen(values, proposed, seen.current)
      const stored = isSame(config, kept.current) ? hire : await save.mutateAsync(config)
      return stored.configured ? await keep(finalizeHire(hired_instance_id)) : stored
    },
    onSuccess: (now) => {
      if (!now.configured) {
        setAll(true)
        setTimeout(() => focusFirst(now.missing))
        return
      }
      toast("ok", "It is set up. Now give it a goal.")
      void navigate({ to: "/agents/$hire", params: { hire: hired_instance_id }, search: { tab: "goals" } })
    },
    onError: (error) => {
      setAll(true)
      setTimeout(() => focusFirst(failureOf(error).faults))
    },
  })
  const refused = failureOf(save.error ?? finalize.error)
  const faults: ReadonlyArray<FieldIssue> = [...(save.isError ? refused.faults : []), ...missing]
  const isProposed = (path: string) => proposed[keyOf(path)] !== undefined && values[keyOf(path)] !== undefined
  const shown = faults.filter(({ path }) => (all || touched.has(keyOf(path))) && !isProposed(path))
  const change = (now: Values) => {
    setTouched((was) =>
      new Set([...was, ...Object.keys({ ...values, ...now }).filter((key) => values[key] !== now[key])])
    )
    setValues(now)
  }
  const open = new Set(missing.map(({ path }) => keyOf(path))).size
  const isKept = !save.isPending && (!begun || isSame(withoutUnseen(values, proposed, seen.current), kept.current))
  return (
    <Form submit={() => finalize.mutate()}>
      <Fields
        fields={withProposals(type.config_schema.fields, proposed, values)}
        root={root}
        values={values}
        faults={shown}
        set={change}
      />
      <Refusal of={save.isError || refused.faults.length > 0 ? save : finalize} />
      <div className={styles.save}>
        <Button type="submit" loading={finalize.isPending}>Finish and put it to work</Button>
        <span className="dim" role="status">
          {!isKept
            ? "Keeping it…"
            : open > 0
            ? `Kept. ${counted(open, "field")} to fill in.`
            : "All is filled in and kept."}
        </span>
      </div>
    </Form>
  )
}

const Final = ({ hire, type }: { readonly hire: Hire; readonly type: AgentType }): ReactNode => {
  const { active, agent_id, subscription_id } = hire
  const [values, setValues] = useState<Values>(hire.config)
  const keep = useHireCall()
  const save = useMutation({
    mutationFn: async () => {
      // by the schemas of the service itself, before it is asked
      const faults = configIssues(type, values)
      if (faults.length > 0) {
        throw new CallFailed("hire_not_configured", 409, "Some fields can't stay like this.", faults)
      }
      return await keep(draftHire({ subscription_id, agent_id, config: values }))
    },
    onSuccess: ({ config }) => {
      setValues(config)
      toast("ok", "Saved. Runs from now on work by it.")
    },
    onError: (error) => setTimeout(() => focusFirst(failureOf(error).faults)),
  })
  const refused = failureOf(save.error)
  const changed = !isSame(values, hire.config)
  return (
    <Form submit={() => save.mutate()}>
      <Fields
        fields={type.config_schema.fields}
        root={root}
        values={values}
        faults={save.isError ? refused.faults : []}
        disabled={!active}
        set={setValues}
      />
      <Refusal of={save} />
      {active && changed
        ? (
          <div className={styles.save}>
            <Button type="submit" loading={save.isPending}>Save</Button>
            <Button
              variant="default"
              onClick={() => {
                setValues(hire.config)
                save.reset()
              }}
            >
              Discard
            </Button>
          </div>
        )
        : null}
    </Form>
  )
}

/** The form of a config. */
export const ConfigForm = ({ hire, type }: { readonly hire: Hire; readonly type: AgentType }): ReactNode =>
  hire.finalized_at === null && hire.active ? <Draft hire={hire} type={type} /> : <Final hire={hire} type={type} />
