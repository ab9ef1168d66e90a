/** Deliverables of trials: who may add and read them, and what is refused. */
import { assert, it } from "@effect/vitest"
import type { Send } from "../../../tests/support/Service.ts"
import { newKey, onStage, type Stage } from "./support/Harness.ts"

type As = NonNullable<Send["as"]>

const report = {
  file_name: "Week one.pdf",
  file_path: "trials/mia/week-one.pdf",
  file_size: 48_213,
  mime_type: "application/pdf",
  description: "What the first week brought",
}
const bare = { file_name: "notes", file_path: "https://files.example/n?1" }

const add = ({ call }: Stage, trial: string, as: As | undefined, body: unknown = bare, headers = {}) =>
  call("POST", `/api/v1/trials/${trial}/deliverables`, { ...as === undefined ? {} : { as }, body, headers })
const list = ({ call }: Stage, trial: string, as: As | undefined, query = "") =>
  call("GET", `/api/v1/trials/${trial}/deliverables${query}`, as === undefined ? {} : { as })
const names = (answer: { json: { items: Array<{ file_name: string }> } }) => answer.json.items.map((d) => d.file_name)

onStage("deliverables of trials", (stage) => {
  it("are added by the trial's customer and by operators, and read as they were added", async () => {
    stage().world.trials.set("TRL-1", "mia")
    const before = Date.now()
    const made = await add(stage(), "TRL-1", "customer:mia", report)
    assert.strictEqual(made.status, 201, JSON.stringify(made.json))
    assert.strictEqual(made.headers.get("location"), "/api/v1/trials/TRL-1/deliverables")
    const { created_at, trial_deliverable_id, ...said } = made.json
    assert.match(trial_deliverable_id, /^TRD-[0-9a-f-]{36}$/)
    assert.isTrue(before <= Date.parse(created_at) && Date.parse(created_at) <= Date.now())
    assert.deepStrictEqual(said, { trial_id: "TRL-1", ...report })
    const plain = await add(stage(), "TRL-1", "operator:olga")
    assert.strictEqual(plain.status, 201)
    assert.deepStrictEqual(Object.keys(plain.json).sort(), [
      "created_at",
      "file_name",
      "file_path",
      "trial_deliverable_id",
      "trial_id",
    ])
    for (const as of ["customer:mia", "operator:olga", "viewer:vera"] as const) {
      const { items } = (await list(stage(), "TRL-1", as)).json
      assert.deepStrictEqual(
        items.find((d: typeof made.json) => d.trial_deliverable_id === trial_deliverable_id),
        made.json,
      )
    }
  })

  it("of another customer's trial, an operator's, a missing one and an ill-formed id are the same 404", async () => {
    const { world } = stage()
    world.trials.set("TRL-2", "mia").set("TRL-lead", null)
    await add(stage(), "TRL-lead", "operator:olga")
    const missing = await list(stage(), "TRL-none", "customer:tom")
    for (const id of ["TRL-2", "TRL-lead", "TRL-none", "nothing", "TRL-%00", "TRL-a%2Fb"]) {
      for (const answer of [await list(stage(), id, "customer:tom"), await add(stage(), id, "customer:tom")]) {
        assert.strictEqual(answer.status, 404, id)
        if (!id.startsWith("TRL") || id.includes("%")) continue
        assert.strictEqual(answer.json.code, "trial_not_found", id)
        assert.deepStrictEqual(Object.keys(answer.json).sort(), Object.keys(missing.json).sort())
      }
    }
    for (const as of ["operator:olga", "viewer:vera"] as const) {
      assert.strictEqual((await list(stage(), "TRL-none", as)).json.code, "trial_not_found")
      assert.strictEqual((await list(stage(), "TRL-lead", as)).json.items.length, 1)
    }
    assert.deepStrictEqual((await list(stage(), "TRL-2", "customer:mia")).json.items, [])
    // an id of another form is no trial, without a request to hiring
    assert.notInclude(world.trialRequests, "nothing")
  })

  it("are not added by viewers, and neither added nor read by services or without a token", async () => {
    stage().world.trials.set("TRL-3", "mia")
    for (const as of ["viewer:vera", "service:scheduler"] as const) {
      const { json, status } = await add(stage(), "TRL-3", as)
      assert.deepStrictEqual([status, json.code], [403, "wrong_role"])
    }
    assert.strictEqual((await list(stage(), "TRL-3", "service:scheduler")).status, 403)
    assert.strictEqual((await add(stage(), "TRL-3", undefined)).status, 401)
    assert.strictEqual((await list(stage(), "TRL-3", undefined)).status, 401)
    assert.deepStrictEqual((await list(stage(), "TRL-3", "customer:mia")).json.items, [])
  })

  it("that do not decode are refused with the path, and nothing is stored", async () => {
    stage().world.trials.set("TRL-4", "mia")
    const faults: ReadonlyArray<readonly [Record<string, unknown>, string]> = [
      [{ file_name: " " }, "file_name"],
      [{ file_name: "n".repeat(256) }, "file_name"],
      [{ file_name: undefined }, "file_name"],
      [{ file_path: "" }, "file_path"],
      [{ file_path: 7 }, "file_path"],
      [{ file_size: -1 }, "file_size"],
      [{ file_size: 1.5 }, "file_size"],
      [{ file_size: 2 ** 53 }, "file_size"],
      [{ file_size: "12" }, "file_size"],
      [{ mime_type: "pdf" }, "mime_type"],
      [{ mime_type: `a/${"b".repeat(254)}` }, "mime_type"],
      [{ description: "d".repeat(4001) }, "description"],
      [{ trial_id: "TRL-5" }, "trial_id"],
    ]
    for (const [change, path] of faults) {
      const { json, status } = await add(stage(), "TRL-4", "customer:mia", { ...report, ...change })
      assert.deepStrictEqual([status, json.code], [400, "invalid_request"], path)
      assert.include(JSON.stringify(json.errors), path)
    }
    for (const query of ["?limit=0", "?limit=201", "?cursor=x", "?more=1"]) {
      assert.strictEqual((await list(stage(), "TRL-4", "customer:mia", query)).status, 400, query)
    }
    assert.deepStrictEqual((await list(stage(), "TRL-4", "customer:mia")).json.items, [])
    const largest = { ...bare, file_size: Number.MAX_SAFE_INTEGER, mime_type: "text/plain; charset=utf-8" }
    assert.deepInclude((await add(stage(), "TRL-4", "customer:mia", largest)).json, largest)
  })

  it("are listed newest first, page by page, each trial its own", async () => {
    stage().world.trials.set("TRL-5", "mia").set("TRL-6", "mia")
    const made = []
    for (let n = 0; n < 5; n++) {
      await add(stage(), "TRL-5", "customer:mia", { ...bare, file_name: `n${n}` })
      made.unshift(`n${n}`)
    }
    await add(stage(), "TRL-6", "customer:mia", { ...bare, file_name: "other" })
    assert.deepStrictEqual(names(await list(stage(), "TRL-5", "customer:mia")), made)
    const first = await list(stage(), "TRL-5", "customer:mia", "?limit=3")
    const rest = await list(stage(), "TRL-5", "customer:mia", `?limit=3&cursor=${first.json.next_cursor}`)
    assert.deepStrictEqual([...names(first), ...names(rest)], made)
    assert.isNull(rest.json.next_cursor)
  })

  it("are added once under an Idempotency-Key", async () => {
    stage().world.trials.set("TRL-7", "mia")
    const headers = { "idempotency-key": newKey() }
    const first = await add(stage(), "TRL-7", "customer:mia", bare, headers)
    const second = await add(stage(), "TRL-7", "customer:mia", bare, headers)
    assert.deepStrictEqual([second.status, second.json], [201, first.json])
    assert.strictEqual(second.headers.get("location"), first.headers.get("location"))
    assert.strictEqual((await add(stage(), "TRL-7", "customer:mia", report, headers)).status, 422)
    assert.strictEqual((await list(stage(), "TRL-7", "customer:mia")).json.items.length, 1)
  })

  it("are neither added nor read while hiring is away", async () => {
    const { world } = stage()
    world.trials.set("TRL-8", "mia")
    world.hiringAway = true
    const answers = [await add(stage(), "TRL-8", "customer:mia"), await list(stage(), "TRL-8", "customer:mia")]
    world.hiringAway = false
    for (const { json, status } of answers) assert.deepStrictEqual([status, json.code], [503, "unavailable"])
    assert.deepStrictEqual((await list(stage(), "TRL-8", "customer:mia")).json.items, [])
  })

  it("of a removed trial are 404", async () => {
    const { world } = stage()
    world.trials.set("TRL-9", "mia")
    await add(stage(), "TRL-9", "customer:mia")
    world.trials.delete("TRL-9")
    for (const as of ["customer:mia", "operator:olga"] as const) {
      assert.strictEqual((await list(stage(), "TRL-9", as)).status, 404)
    }
  })
})
