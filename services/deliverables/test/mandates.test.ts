/** Signing mandates: what is stored, who may, what is refused and where, and the bound. */
import { assert, it } from "@effect/vitest"
import { onStage } from "./support/Harness.ts"
import { marketingConfig } from "./support/World.ts"
import { begin, drafted, inDays, mandate, mandateOf, send, signed } from "./support/Mandates.ts"

onStage("signing", (stage) => {
  it("stores what was signed, by whom, in the zone of the hire, with a line in the action log", async () => {
    begin(stage(), "sign", { config: marketingConfig })
    const body = mandateOf("HAI-sign", { goal_instance_id: "GOI-sign", per: "week" })
    const { headers, json, status } = await send(stage(), body, "customer:acme/ann?reviewer")
    assert.strictEqual(status, 201, JSON.stringify(json))
    assert.deepInclude(json, {
      customer_id: "acme",
      hired_instance_id: "HAI-sign",
      goal_instance_id: "GOI-sign",
      goal_template_id: null,
      rules: body.rules,
      max_uses: 100,
      per: "week",
      timezone: "Asia/Kolkata",
      action: "approve",
      state: "active",
      uses_in_period: 0,
      signed_by: "ann",
      revoked_at: null,
    })
    assert.strictEqual(headers.get("location"), `/api/v1/mandates/${json.mandate_id}`)
    // a Monday in Kolkata
    assert.match(json.period_ends_at, /T18:30:00\.000Z$/)
    assert.strictEqual(new Date(json.period_ends_at).getUTCDay(), 0)
    const shown = await mandate(stage(), json.mandate_id)
    assert.match(shown.period_ends_at, /T18:30:00\.000Z$/)
    // the week may have ended since
    assert.deepStrictEqual({ ...shown, period_ends_at: json.period_ends_at }, json)
    const lines = await stage().sql(
      "select action, operator, action_metadata ->> 'customer_id' as customer from deliverables_action_log where action_metadata ->> 'mandate_id' = $1",
      [json.mandate_id],
    )
    assert.deepStrictEqual(lines, [{ action: "mandate_sign", operator: "ann", customer: "acme" }])
  })

  it("is of its customer alone: a stranger finds neither the hire nor the mandate, and roles only read", async () => {
    begin(stage(), "mine")
    const { mandate_id } = await signed(stage(), "HAI-mine")
    const { call } = stage()
    const codes = async (answer: Promise<{ status: number; json: { code?: string } }>) => {
      const { json, status } = await answer
      return [status, json.code]
    }
    const theirs = "customer:globex"
    assert.deepStrictEqual(await codes(send(stage(), mandateOf("HAI-mine"), theirs)), [
      404,
      "hire_not_found",
    ])
    assert.deepStrictEqual(await codes(call("GET", `/api/v1/mandates/${mandate_id}`, { as: theirs })), [
      404,
      "mandate_not_found",
    ])
    assert.deepStrictEqual(await codes(send(stage(), {}, theirs, `/${mandate_id}/revoke`)), [404, "mandate_not_found"])
    assert.deepStrictEqual(await codes(call("GET", "/api/v1/mandates?customer_id=acme", { as: theirs })), [
      404,
      "customer_not_found",
    ])
    assert.deepStrictEqual(await codes(send(stage(), { mandate: mandateOf("HAI-mine") }, theirs, "/preview")), [
      404,
      "hire_not_found",
    ])
    for (const as of ["operator:o", "viewer:v"] as const) {
      assert.strictEqual((await call("GET", `/api/v1/mandates/${mandate_id}`, { as })).status, 200)
      const { json } = await call("GET", "/api/v1/mandates?customer_id=acme&hired_instance_id=HAI-mine", { as })
      assert.deepStrictEqual(json.items.map((one: { mandate_id: string }) => one.mandate_id), [mandate_id])
      assert.strictEqual((await call("POST", "/api/v1/mandates", { as, body: mandateOf("HAI-mine") })).status, 403)
      assert.strictEqual((await call("POST", `/api/v1/mandates/${mandate_id}/revoke`, { as, body: {} })).status, 403)
    }
    assert.strictEqual((await call("GET", "/api/v1/mandates", { as: "service:scheduler" })).status, 403)
    for (const path of ["", `/${mandate_id}/revoke`]) {
      assert.deepStrictEqual(
        await codes(send(stage(), path === "" ? mandateOf("HAI-mine") : {}, "customer:acme/rita?reader,editor", path)),
        [403, "duty_missing"],
      )
    }
    assert.strictEqual((await mandate(stage(), mandate_id)).state, "active")
    assert.strictEqual((await call("GET", "/api/v1/mandates/MAN-none", { as: "customer:acme" })).status, 404)
  })

  it("is refused with the path of what is wrong", async () => {
    begin(stage(), "bad")
    begin(stage(), "other")
    const refused = async (more: object) => {
      const { json, status } = await send(stage(), mandateOf("HAI-bad", more))
      assert.strictEqual(status, 400, JSON.stringify(more))
      return json.errors.map(({ path }: { path: string }) => path)
    }
    const rule = (one: object) => ({ rules: [{ path: "theme", op: "eq", value: "x", ...one }] })
    assert.deepStrictEqual(await refused({ rules: [] }), ["$.rules"])
    assert.include((await refused(rule({ path: "a[" })))[0], "$.rules[0]")
    assert.include((await refused(rule({ op: "lte" })))[0], "$.rules[0]")
    assert.deepStrictEqual(await refused({ max_uses: 0 }), ["$.max_uses"])
    assert.deepStrictEqual(await refused({ max_uses: 10_001 }), ["$.max_uses"])
    assert.deepStrictEqual(await refused({ per: "year" }), ["$.per"])
    assert.deepStrictEqual(await refused({ valid_until: inDays(-1) }), ["$.valid_until"])
    assert.deepStrictEqual(await refused({ valid_until: inDays(367) }), ["$.valid_until"])
    assert.deepStrictEqual(await refused({ action: "publish" }), ["$.action"])
    assert.deepStrictEqual(await refused({ goal_instance_id: "GOI-other" }), ["$.goal_instance_id"])
    assert.deepStrictEqual(await refused({ goal_template_id: "none" }), ["$.goal_template_id"])
    assert.deepStrictEqual(await refused({ goal_instance_id: "GOI-bad", goal_template_id: "none" }), [
      "$.goal_template_id",
    ])
    const many = Array(40).fill({ path: "theme", op: "in", value: Array(2).fill("x".repeat(1_500)) })
    assert.deepStrictEqual(await refused({ rules: many }), ["$.rules"])
    const code = async () => (await send(stage(), mandateOf("HAI-bad"))).json.code
    stage().world.hire("HAI-bad", { subscription_status: "canceled" })
    assert.strictEqual(await code(), "subscription_not_active")
    stage().world.hire("HAI-bad", { active: false })
    assert.strictEqual(await code(), "hire_deactivated")
    stage().world.hire("HAI-bad", { gone: true })
    assert.strictEqual(await code(), "hire_gone")
    stage().world.hiringAway = true
    assert.strictEqual(await code(), "unavailable")
    stage().world.hiringAway = false
  })

  it("is refused where the definition wants people", async () => {
    const { world } = stage()
    const shipped = world.definitions.get("marketing.healthcare.v1@1.0.0")!
    const wanting = { approval: { mandates: false } }
    world.publish({
      ...shipped,
      version: "7.0.0",
      goal_templates: shipped.goal_templates.map((one, n) => n === 0 ? one : { ...one, ...wanting }),
    })
    begin(stage(), "people", { definition_version: "7.0.0" })
    const first = shipped.goal_templates[0]!.goal_template_id
    const codeOf = async (more: object) => (await send(stage(), mandateOf("HAI-people", more))).json.code
    assert.strictEqual(await codeOf({ goal_instance_id: "GOI-people" }), "mandates_forbidden")
    assert.strictEqual(await codeOf({ goal_template_id: first }), undefined)
    // of the whole hire: it covers what it may
    assert.strictEqual(await codeOf({}), undefined)
    const draft = await drafted(stage(), "people")
    assert.strictEqual(draft.review_status, "pending_review")
  })
})

onStage("a bound on mandates", (stage) => {
  it("holds against many at once, and counts live ones alone", async () => {
    begin(stage(), "bound")
    const answers = await Promise.all(Array.from({ length: 6 }, () => send(stage(), mandateOf("HAI-bound"))))
    assert.deepStrictEqual(answers.map(({ status }) => status).toSorted(), [201, 201, 201, 409, 409, 409])
    const refused = answers.find(({ status }) => status === 409)!.json
    assert.deepInclude(refused, { code: "quota_exceeded", bound: "live_mandates", limit: 3 })
    const { mandate_id } = answers.find(({ status }) => status === 201)!.json
    await send(stage(), {}, "customer:acme", `/${mandate_id}/revoke`)
    assert.strictEqual((await send(stage(), mandateOf("HAI-bound"))).status, 201)
  })
}, { env: { STINT_BOUNDS: "live_mandates=3" } })
