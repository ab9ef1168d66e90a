/** The operator's screens in a browser, on the real stack: each screen and each action. */
import type { Page } from "playwright-core"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { until } from "../support/Until.ts"
import { type Ground, openGround } from "./operator/Ground.ts"
import { reason, sendWith } from "./operator/Send.ts"
import { chromiumPath, named } from "./support/Chromium.ts"
import { calm } from "./support/Visitor.ts"

describe.skipIf(chromiumPath === undefined)(named("the operator's screens"), () => {
  let ground: Ground
  let page: Page
  beforeAll(async () => {
    ground = await openGround("acme", "+919812345678")
    page = await ground.page("operator")
  })
  afterAll(() => ground?.stop())

  const scheduler = (path: string) =>
    ground.stack.call("scheduler", "GET", `/api/v1/scheduler${path}`, { as: "operator:ops.asha" }).then(({ json }) =>
      json
    )

  it("the overview shows what the API says, and leads to what needs a person", async () => {
    const [first] = ground.broken
    await page.goto("/overview")
    await calm(page)
    const letters = page.getByRole("link", { name: /^Dead letters \d/ })
    await letters.waitFor()
    assert.include(await letters.innerText(), `\n${(await scheduler("/health")).dlq_size}\n`)
    const chart = page.getByRole("img", { name: /^Runs of the last hour/ })
    await chart.locator("canvas").waitFor()
    const { total } = await scheduler("/figures")
    assert.isAtLeast(total.dead_lettered, 2)
    assert.include(await chart.getAttribute("aria-label") ?? "", ` ${total.dead_lettered} dead-lettered`)
    await page.getByLabel("Time").selectOption("24")
    await page.waitForURL(/hours=24/)
    await page.locator("li", { hasText: first.message }).getByRole("link", { name: "Look" }).click()
    await page.waitForURL(new RegExp(`/dead-letters/${first.cause}`))
  })

  it("runs: the filter is the URL, and gives the list back", async () => {
    const [first, second] = ground.broken
    await page.goto("/runs")
    await page.getByRole("navigation", { name: "States" }).getByRole("link", { name: "Dead-lettered" }).click()
    await page.waitForURL(/status=dead_lettered/)
    await page.keyboard.press("f")
    await page.getByLabel("Its id").fill(first.goal)
    await page.getByRole("button", { name: "Filter", exact: true }).click()
    await page.waitForURL(new RegExp(`goal=${first.goal}`))
    const list = page.getByRole("table", { name: "Runs" })
    await until("only that goal's run is there, below the heads", async () => await list.getByRole("row").count() === 2)
    await page.reload()
    await list.getByText(first.goal).waitFor()
    assert.strictEqual(await list.getByText(second.goal).count(), 0)
    await page.keyboard.press("j")
    await page.keyboard.press("o")
    await page.waitForURL(new RegExp(`/runs/${first.run}`))
    await page.getByText(first.message).waitFor()
    assert.strictEqual(await page.getByText("Attempt 1", { exact: true }).count(), 1)
  })

  it("why: a sentence, the facts in order of time, and the next step", async () => {
    const [first] = ground.broken
    await page.goto(`/goals/${first.goal}/why?at=${first.slot}`)
    const { sentence } = await scheduler(`/goals/${first.goal}/explain?at=${first.slot}`)
    await page.getByRole("heading", { name: sentence }).waitFor()
    const times = await page.locator("ol time").evaluateAll((all) =>
      all.map((one) => Date.parse(one.getAttribute("datetime")!))
    )
    assert.isAbove(times.length, 2)
    assert.deepStrictEqual(times, times.toSorted((a, b) => a - b))
    await page.getByRole("button", { name: "Open the dead letter" }).click()
    await page.waitForURL(new RegExp(`/dead-letters/entry/${first.entry}`))
    await page.getByRole("heading", { name: first.message }).waitFor()
  })

  it("dead letters: a dry run, a redrive that succeeds, a discard with its reason", async () => {
    const [first, second] = ground.broken
    await page.goto(`/dead-letters/${first.cause}`)
    await page.getByText(/expires in 6 d/).waitFor()
    await page.keyboard.press("r")
    await page.getByRole("button", { name: "Dry run" }).click()
    await page.getByText("Would queue 1 run of 1 goal").waitFor()
    await page.getByLabel("Pace, runs a minute").fill("60")
    await sendWith(page, "Redrive")
    await page.getByText("1 run of 1 goal queued.").getByRole("link").click()
    await page.waitForURL(new RegExp(`/dead-letters/entry/${first.entry}`))
    await until("its run has succeeded", async () => (await scheduler(`/dlq/${first.entry}`)).state === "resolved")
    await page.goto("/dead-letters?state=resolved")
    await page.getByText(first.message).waitFor()
    await page.goto(`/dead-letters/entry/${second.entry}`)
    await page.getByText("It was queued again 1 time, and failed again").waitFor()
    await page.getByRole("button", { name: "Discard…" }).click()
    await sendWith(page, "Discard")
    await page.getByText("discarded", { exact: true }).waitFor()
    const [line] = (await scheduler("/actions?action=dlq_discard")).items
    assert.strictEqual(line.reason, reason)
    assert.strictEqual(line.operator, "ops.asha")
  })

  it("scheduler: pause with reason and scope, and resume", async () => {
    await page.goto("/scheduler")
    await page.getByRole("button", { name: "Pause…" }).click()
    await page.getByLabel("What").selectOption("customer")
    await page.getByLabel("Customer id").fill(ground.customer)
    await sendWith(page, "Pause")
    const row = page.getByRole("row", { name: new RegExp(`customer ${ground.customer}`) })
    await row.getByText(reason).waitFor()
    await row.getByRole("button", { name: "Resume…" }).click()
    await sendWith(page, "Resume")
    await row.waitFor({ state: "detached" })
    await page.keyboard.press("p")
    await sendWith(page, "Pause")
    await page.getByRole("heading", { name: "The scheduler is paused" }).waitFor()
    assert.strictEqual((await scheduler("/status")).paused_reason, reason)
    await page.getByRole("button", { name: "Resume…" }).first().click()
    await sendWith(page, "Resume", null)
    await page.getByRole("heading", { name: "The scheduler runs" }).waitFor()
  })

  it("scheduler: a goal that is triggered for later waits, and is cancelled with a reason", async () => {
    const [first] = ground.broken
    await page.goto(`/scheduler?show=trigger&goal=${first.goal}`)
    await page.getByRole("button", { name: "Run a goal…" }).click()
    await page.getByText(/09:00 Asia\/Kolkata/).waitFor()
    await page.getByLabel(/^Slot, Asia\/Kolkata/).fill("2099-01-01T09:00:00")
    await sendWith(page, "Run it")
    await page.waitForURL(/\/runs\/SCH-/)
    const id = page.url().split("/").at(-1)
    assert.strictEqual((await scheduler(`/runs/${id}`)).scheduled_time, "2099-01-01T03:30:00.000Z")
    await page.getByRole("button", { name: "Cancel…" }).click()
    await sendWith(page, "Cancel the run")
    await page.locator("header").getByText("cancelled").waitFor()
    assert.strictEqual((await scheduler(`/runs/${id}`)).reason_code, "cancelled_by_operator")
  })

  it("scheduler: a backfill is previewed, then queued", async () => {
    const [first] = ground.broken
    await page.goto(`/scheduler?show=backfill&goal=${first.goal}`)
    await page.getByText(/09:00 Asia\/Kolkata/).waitFor()
    // two days of two months ago: older than the runs that are kept, and not than a backfill may be
    const from = Temporal.Now.plainDateISO("UTC").subtract({ days: 60 })
    const to = from.add({ days: 2 })
    await page.getByLabel("From, Asia/Kolkata").fill(`${from}T00:00:00`)
    await page.getByLabel("To, Asia/Kolkata").fill(`${to}T00:00:00`)
    await page.getByRole("button", { name: "Preview" }).click()
    await page.getByText("2 slots in that time: 2 would be queued.").waitFor()
    await page.getByRole("button", { name: "Queue 2 runs…" }).click()
    await sendWith(page, "Queue them")
    await page.getByText("2 slots in that time: 2 queued.").waitFor()
    const { items } = await scheduler(
      `/runs?goal_instance_id=${first.goal}&from=${from}T00:00:00Z&to=${to}T00:00:00Z`,
    )
    assert.strictEqual(items.length, 2)
  })

  it("scheduler: a limit is set, changed and removed", async () => {
    await page.goto("/scheduler?show=limits")
    await page.getByRole("button", { name: "Set a limit…" }).click()
    await page.getByLabel("Customer id").fill(ground.customer)
    await page.getByLabel("Runs at once").fill("3")
    await sendWith(page, "Set it")
    const row = page.getByRole("row", { name: new RegExp(`customer ${ground.customer}`) })
    await row.getByRole("cell", { name: "3", exact: true }).waitFor()
    await row.getByRole("button", { name: "Change…" }).click()
    await page.getByLabel("Runs at once").fill("4")
    await sendWith(page, "Set it")
    await row.getByRole("cell", { name: "4", exact: true }).waitFor()
    await row.getByRole("button", { name: "Remove…" }).click()
    await sendWith(page, "Remove it")
    await page.getByText("There are no limits").waitFor()
  })

  it("agent types: a fault is shown at its path, a version is published, and the diff of two names what changed", async () => {
    const type = "marketing.healthcare.v1"
    await page.goto(`/types/publish?from=${type}`)
    const editor = page.getByLabel("Definition, as JSON")
    const text = await editor.inputValue()
    await editor.fill(text.replace('"type": "text"', '"type": "txt"'))
    await page.getByText("$.config_schema.fields[0].type").waitFor()
    assert.isTrue(await page.getByRole("button", { name: "Publish", exact: true }).isDisabled())
    await editor.fill(text.replace('"label": "Nickname"', '"label": "Name of the agent"'))
    await page.getByText("$.config_schema.fields.nickname.label").waitFor()
    await page.getByRole("button", { name: "Publish", exact: true }).click()
    await page.waitForURL(/version=1\.1\.0/)
    await page.getByRole("link", { name: "Diff" }).click()
    const row = page.getByRole("row", { name: /\$\.config_schema\.fields\.nickname\.label/ })
    await row.getByText("Name of the agent").waitFor()
    assert.strictEqual(await page.getByRole("row").count(), 2)
    await page.goto("/types")
    await page.getByRole("row", { name: new RegExp(type) }).getByText("1.1.0").waitFor()
  })

  it("customers: a record is made; a customer's subscriptions and goals are handled", async () => {
    await page.goto("/customers")
    await page.getByRole("button", { name: "New customer…" }).click()
    for (
      const [label, value] of [
        ["Full name", "Asha Rao"],
        ["E-mail", "asha@example.org"],
        ["Phone, with country", "+919876543210"],
        [
          "Business name",
          "A clinic",
        ],
        ["Business industry", "health"],
        ["Business address", "Pune"],
      ] as const
    ) await page.locator("dialog[open]").getByLabel(label).fill(value)
    await sendWith(page, "Make the record", null)
    await page.getByRole("heading", { name: "A clinic" }).waitFor()
    await page.goto(`/customers/${ground.customer}`)
    await page.getByRole("button", { name: "They are the customer's" }).click()
    await page.getByText(/^verified now/).waitFor()
    const row = page.getByRole("table", { name: "Subscriptions" }).getByRole("row").last()
    await row.getByRole("button", { name: "Past due…" }).click()
    await sendWith(page, "Mark it past due", null)
    await row.getByText("past due", { exact: true }).waitFor()
    await row.getByRole("button", { name: "Activate" }).click()
    await row.getByText("active", { exact: true }).waitFor()
    await page.getByRole("row", { name: /Marketing daily micro post/ }).getByRole("button", { name: "Run now" }).click()
    await page.getByText("It runs now.").waitFor()
    await page.goto(`/hires/${ground.broken[0].hire}`)
    await page.waitForURL(new RegExp(`/customers/${ground.customer}\\?hire=`))
  })

  it("audit: what was done is there, of all services, and comes as a file", async () => {
    await page.goto("/audit")
    const all = page.getByRole("region", { name: "Lines of the action logs" })
    for (const what of ["Pause", "Publish", "Past due", "Dlq discard"]) {
      await all.getByText(what, { exact: true }).first().waitFor()
    }
    await page.getByLabel("Service", { exact: true }).selectOption("scheduler")
    await page.getByLabel("Action", { exact: true }).selectOption("limit")
    await page.waitForURL(/action=limit/)
    const lines = all.getByRole("listitem")
    await until("only what was done to limits is there", async () => await lines.count() === 3)
    const [csv] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "CSV" }).click()])
    const [head, ...rows] = (await csv.createReadStream().then((stream) => stream.toArray())).join("").trim().split(
      "\r\n",
    )
    assert.match(head!, /^timestamp,service,action,operator/)
    assert.strictEqual(rows.length, 3)
    assert.isTrue(rows.every((row) => row.includes(`,scheduler,limit,ops.asha,`) && row.includes(reason)))
    const [json] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "JSON" }).click(),
    ])
    assert.strictEqual(
      JSON.parse((await json.createReadStream().then((stream) => stream.toArray())).join("")).length,
      3,
    )
  })

  it("a delivery that failed for good stands on the overview, and is tried again", async () => {
    const { customer, stack } = ground
    const as = `customer:${customer}` as const
    const { deliverable_id: id } = await scheduler(`/runs/${ground.broken[0].run}`)
    const act = async (what: string, body: object) => {
      const path = `/api/v1/deliverables/${id}/${what}`
      const { json, status } = await stack.call("deliverables", "POST", path, {
        as,
        body,
        headers: { "idempotency-key": what },
      })
      assert.strictEqual(status, 200, JSON.stringify(json))
      return json
    }
    const { approval_id } = await act("review", { decision: "approved" })
    await act("execute", { approval_id })
    // three days later, had its host been away; the database refuses to take a delivery back, and is told to look away
    await stack.sql(
      "deliverables",
      `do $$ begin
        perform set_config('session_replication_role', 'replica', true);
        update executions set state = 'failed', delivered_at = null, last_error = 'the host is away', gave_up_at = now()
          where deliverable_id = '${id}';
        update deliverables set execution_status = 'not_executed', executed_at = null where deliverable_id = '${id}';
      end $$`,
    )
    await page.goto("/overview")
    // a person has decided on it just now
    await page.getByText(/median to decision \d/).waitFor()
    const line = page.locator("li", { hasText: "the host is away" })
    await line.getByRole("button", { name: "Try again" }).click()
    await page.getByText("It is being tried again.").waitFor()
    await line.waitFor({ state: "detached" })
    const read = () => stack.call("deliverables", "GET", `/api/v1/deliverables/${id}`, { as })
    await until("it is delivered", async () => (await read()).json.execution_status === "executed")
  })

  it("the palette finds a screen of any id, and nothing was an error on the console", async () => {
    await page.keyboard.press("Control+k")
    await page.getByRole("combobox", { name: /^Find/ }).fill(ground.broken[0].run)
    await page.keyboard.press("Enter")
    await page.waitForURL(new RegExp(`/runs/${ground.broken[0].run}`))
    assert.deepStrictEqual(ground.complaints, [])
  })
})
