/** Mandates in the hands of a test: signed over HTTP, drafts that they look at. */
import { assert } from "@effect/vitest"
import { zoneAtNoon } from "../../../../tests/support/FarTimes.ts"
import { newKey, type Stage, until } from "./Harness.ts"
import { marketingConfig } from "./World.ts"

/** An instant so many days ahead. */
export const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString()

/** A mandate that covers every post of a hire, unless it says else. */
export const mandateOf = (hire: string, more: object = {}) => ({
  hired_instance_id: hire,
  rules: [{ path: "variants[*].text", op: "max_length", value: 5_000 }],
  max_uses: 100,
  per: "day",
  valid_until: inDays(30),
  action: "approve",
  ...more,
})

/** Posts to /mandates. */
export const send = ({ call }: Stage, body: unknown, as: `customer:${string}` = "customer:acme", path = "") =>
  call("POST", `/api/v1/mandates${path}`, { as, body, headers: { "idempotency-key": newKey() } })

/** Signs one of these for a hire. */
export const signed = async (stage: Stage, hire: string, more: object = {}) => {
  const { json, status } = await send(stage, mandateOf(hire, more))
  assert.strictEqual(status, 201, JSON.stringify(json))
  return json
}

/** A hire with a goal of that name, in a zone in which no period ends soon unless it is given another one. */
export const begin = ({ world }: Stage, name: string, given = {}) =>
  world.goal(
    `GOI-${name}`,
    world.hire(`HAI-${name}`, { config: { ...marketingConfig, timezone: zoneAtNoon() }, ...given }),
  )

/** The n-th slot. */
export const slots = (n: number) => `2026-03-${String(n + 1).padStart(2, "0")}T09:00:00.000Z`

/** Waits until the queue has no draft of the goal. */
export const looked = ({ sql }: Stage, goal: string) =>
  until(async () =>
    (await sql(
      "select 1 from mandate_queue q join deliverables d using (deliverable_id) where d.goal_instance_id = $1",
      [goal],
    )).length === 0
  )

/** Stores a further draft like this one, as the insert of a run does. */
export const copied = ({ sql }: Stage, id: string, copy: string) =>
  sql(
    `insert into deliverables (deliverable_id, hired_instance_id, goal_instance_id, goal_template_id, title, payload, idempotency_key,
      customer_id, agent_id, scheduled_time, approval_required, created_at, updated_at)
    select $2, hired_instance_id, goal_instance_id, goal_template_id, title, payload, $2, customer_id, agent_id, scheduled_time,
      approval_required, now(), now() from deliverables where deliverable_id = $1`,
    [id, copy],
  )

/** The state of a draft of the goal once every mandate has looked at it. */
export const drafted = async (stage: Stage, name: string, nth = 0) => {
  const { deliverable_id } = await stage.drafted(`GOI-${name}`, slots(nth))
  await looked(stage, `GOI-${name}`)
  return (await stage.get(deliverable_id)).json
}

/** A mandate as it is shown. */
export const mandate = async ({ call }: Stage, id: string, as: `customer:${string}` = "customer:acme") =>
  (await call("GET", `/api/v1/mandates/${id}`, { as })).json
