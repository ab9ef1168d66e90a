/** What an operator does every day besides: from a run's page, with many at once, as a file, and by what the palette knows. */
import type { Page } from "playwright-core"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { until } from "../support/Until.ts"
import { type Ground, openGround } from "./operator/Ground.ts"
import { sendWith } from "./operator/Send.ts"
import { chromiumPath, named } from "./support/Chromium.ts"
import { calm } from "./support/Visitor.ts"

describe.skipIf(chromiumPath === undefined)(named("what operators do daily"), () => {
  let ground: Ground
  let page: Page
  beforeAll(async () => {
    ground = await openGround("daily-co", "+919812345672")
    page = await ground.page("operator")
  })
  afterAll(() => ground?.stop())

  const scheduler = (path: string, method = "GET", body?: object) =>
    ground.stack.call("scheduler", method, `/api/v1/scheduler${path}`, {
      as: "operator:ops.asha",
      ...(body === undefined ? {} : { body }),
    }).then(({ json }) => json)

  it("the palette opens a run by its execution's id, and a slot by its run's key", async () => {
    const [first] = ground.broken
    const find = async (text: string) => {
      await page.keyboard.press("Control+k")
      await page.getByRole("combobox", { name: /^Find/ }).fill(text)
      await page.keyboard.press("Enter")
    }
    await page.goto("/overview")
    await calm(page)
    await find(first.run.replace("SCH-", "RUN-"))
    await page.waitForURL(`**/runs/${first.run}`)
    await find(`${first.goal}:${first.slot}`)
    await page.waitForURL(`**/goals/${first.goal}/why?at=*`)
    const { sentence } = await scheduler(`/goals/${first.goal}/explain?at=${first.slot}`)
    await page.getByRole("heading", { name: sentence }).waitFor()
  })

  it("a filter of runs is kept under a name, and counts stand beside the states", async () => {
    const [{ goal }] = ground.broken
    await page.goto(`/runs?goal=${goal}&status=dead_lettered`)
    const tabs = page.getByRole("navigation", { name: "States" })
    await tabs.getByRole("link", { name: "Dead-lettered 1", exact: true }).waitFor()
    await tabs.getByRole("link", { name: "Retrying 0", exact: true }).waitFor()
    await page.getByRole("button", { name: "Keep this view…" }).click()
    await page.getByRole("dialog").getByLabel("Name").fill("Dead of one goal")
    await page.getByRole("button", { name: "Keep it" }).click()
    await page.getByRole("button", { name: "Forget this view" }).waitFor()
    await page.goto("/runs")
    await page.getByLabel("Views").selectOption("Dead of one goal")
    await page.waitForURL(new RegExp(`goal=${goal}`))
    await page.getByRole("button", { name: "Forget this view" }).click()
    await page.getByLabel("Views").waitFor({ state: "detached" })
  })

  it("a subscription that waits for its payment stands on the overview, and is activated in the list of all", async () => {
    const { stack } = ground
    const customer = "late-payer"
    const { json: { subscription_id: id } } = await stack.call("hiring", "POST", "/api/v1/subscriptions", {
      as: `customer:${customer}`,
      body: { agent_id: "trading.delta_futures.v1", customer_id: customer, duration: "monthly" },
    })
    await page.goto("/overview")
    await page.locator("li", { hasText: `${customer} subscribed to Trading delta futures` }).waitFor()
    await page.goto("/subscriptions")
    const lit = page.getByRole("navigation", { name: "Screens" }).locator("[aria-current=page]")
    await until("the page stands", async () => await lit.count() > 0)
    assert.deepStrictEqual(await lit.allInnerTexts(), ["Customers"])
    const row = page.getByRole("row", { name: new RegExp(customer) })
    await row.getByRole("button", { name: "Activate" }).click()
    await row.waitFor({ state: "detached" })
    const read = await stack.call("hiring", "GET", `/api/v1/subscriptions/${id}`, { as: "operator:ops.asha" })
    assert.strictEqual(read.json.status, "active")
    await page.getByRole("navigation", { name: "States" }).getByRole("link", { name: "Active" }).click()
    await row.getByRole("button", { name: "Past due…" }).waitFor()
  })

  it("a dead-lettered run is retried from its own page, and its dead letter says when it was closed", async () => {
    const [first] = ground.broken
    await page.goto(`/runs/${first.run}`)
    await page.getByRole("link", { name: "Its dead letter" }).waitFor()
    await page.getByRole("button", { name: "Retry", exact: true }).click()
    await page.locator("header").getByText("completed").waitFor()
    const { closed_at, state } = await until("it is resolved", async () => {
      const entry = await scheduler(`/dlq/${first.entry}`)
      return entry.state !== "open" && entry
    })
    assert.strictEqual(state, "resolved")
    await page.goto(`/dead-letters/entry/${first.entry}`)
    await page.getByText("Closed", { exact: true }).waitFor()
    assert.strictEqual(await page.locator(`dd time[datetime="${closed_at}"]`).count(), 1)
  })

  it("dead letters that are selected are discarded together", async () => {
    const [, second] = ground.broken
    await page.goto(`/dead-letters/${second.cause}`)
    await page.getByText("failed again", { exact: true }).waitFor()
    await page.getByRole("checkbox", { name: `Select ${second.goal}` }).check()
    const bar = page.getByRole("region", { name: "Selected dead letters" })
    await bar.getByText("1 dead letter selected").waitFor()
    await bar.getByRole("button", { name: "Discard 1…" }).click()
    await sendWith(page, "Discard")
    await page.getByText("Nothing of this cause is open").waitFor()
    assert.strictEqual((await scheduler(`/dlq/${second.entry}`)).state, "discarded")
  })

  it("runs of a time are a URL and a file, and those that are shown are cancelled together", async () => {
    const [{ goal }] = ground.broken
    const years = ["2098", "2099"].map((year) => `${year}-01-01T03:30:00.000Z`)
    for (const scheduled_time of years) await scheduler(`/trigger/${goal}`, "POST", { scheduled_time, reason: "later" })
    await page.goto(`/runs?goal=${goal}`)
    await page.getByLabel("Time").selectOption("between")
    await page.getByLabel(/^Slots from/).fill("2098-01-01T00:00:00")
    await page.getByLabel(/^Slots before/).fill("2100-01-01T00:00:00")
    await page.getByRole("button", { name: "Show", exact: true }).click()
    await page.waitForURL(/from=2097-12-31|from=2098-01-01/)
    const lines = page.getByRole("table", { name: "Runs" }).getByRole("row").filter({ has: page.getByRole("cell") })
    await until("the two of that time are there", async () => await lines.count() === 2)
    await page.reload()
    await until("the URL gives them back", async () => await lines.count() === 2)
    await lines.first().getByText(`Marketing healthcare · ${ground.customer}`).waitFor()

    const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "CSV" }).click()])
    const text = (await file.createReadStream().then((stream) => stream.toArray())).join("")
    const [head, ...rows] = text.trim().split("\r\n")
    assert.match(head!, /^scheduled_run_id,scheduled_time,status,/)
    assert.deepStrictEqual(rows.map((row) => row.split(",")[1]), years.toReversed())

    await page.getByRole("navigation", { name: "States" }).getByRole("link", { name: "Pending" }).click()
    await page.getByRole("button", { name: "Cancel 2 runs…" }).click()
    await sendWith(page, "Cancel the runs")
    await page.getByText("No run is like that").waitFor()
    const { items } = await scheduler(`/runs?goal_instance_id=${goal}&from=2098-01-01T00:00:00Z`)
    assert.deepStrictEqual(items.map(({ reason_code }: { reason_code: string }) => reason_code), [
      "cancelled_by_operator",
      "cancelled_by_operator",
    ])
  })

  it("the scheduler's replicas are named with what they hold; what is shown can be held while changes arrive", async () => {
    await page.goto("/scheduler")
    await page.getByRole("table", { name: "Schedulers" }).getByRole("row", { name: /here.*0 of 800/ }).waitFor()
    const other = await ground.page("viewer")
    await other.goto("/scheduler")
    await calm(other)
    await page.keyboard.press("h")
    await page.getByRole("button", { name: "held", pressed: true }).waitFor()
    const asked: Array<string> = []
    page.on("request", (request) => asked.push(new URL(request.url()).pathname))
    await scheduler("/pause", "POST", { reason: "held", scope: { customer_id: ground.customer } })
    const rowOf = (where: Page) => where.getByRole("row", { name: new RegExp(`customer ${ground.customer}`) })
    await rowOf(other).waitFor()
    assert.notInclude(asked, "/api/v1/scheduler/status")
    await page.keyboard.press("h")
    await rowOf(page).waitFor()
    await scheduler("/resume", "POST", { scope: { customer_id: ground.customer } })
    await rowOf(page).waitFor({ state: "detached" })
    assert.deepStrictEqual(ground.complaints, [])
  })
})
