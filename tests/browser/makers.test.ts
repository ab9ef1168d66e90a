/** Makers on the screen: a draft while it is made, what it cost, who makes it, and whom a new version would break. */
import type { Browser, Page } from "playwright-core"
import { afterAll, afterEach, assert, beforeAll, describe, it } from "vitest"
import { until } from "../support/Until.ts"
import { hireAgent, setGoal } from "../support/Customer.ts"
import type { ReachedStack } from "../support/Stack.ts"
import { chromiumPath, named } from "./support/Chromium.ts"
import { ALIAS } from "./support/globalSetup.ts"
import { sharedStack } from "./support/Shared.ts"
import { enter, launch, leave, unusable, visit } from "./support/Visitor.ts"

const TYPE = "digest.screens.v1"
const CUSTOMER = "makers-co"

const nickname = { key: "nickname", label: "Nickname", type: "text", required: true }
const output = { fields: [{ key: "headline", label: "Headline", type: "text", required: true }] }
const template = (id: string, maker: object) => ({
  goal_template_id: `digest.${id}`,
  name: `Digest by ${id}`,
  default_frequency: "weekly",
  settings_schema: { fields: [] },
  skill_binding: "digest",
  maker,
  output,
})

const definition = (port: number, version: string, fields: ReadonlyArray<object> = [nickname]) => ({
  agent_type_id: TYPE,
  version,
  config_schema: { fields },
  goal_templates: [
    template("model", { kind: "model", model: ALIAS, instructions: "Write a digest." }),
    template("program", { kind: "http", url: `http://127.0.0.1:${port}/make` }),
  ],
  enforcement_defaults: { approval_required: true, deterministic: false },
})

/** A maker that works until it is told that it is done. */
const slowMaker = () => {
  let isDone = false
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () =>
      isDone
        ? Response.json({ title: "A digest", fields: { headline: "All is well" } })
        : Response.json({ note: "reading 40 reviews", poll_after_seconds: 0.3 }, {
          status: 202,
          headers: { location: "/makings/1" },
        }),
  )
  return { port: server.addr.port, done: () => void (isDone = true), end: () => server.shutdown() }
}

describe.skipIf(chromiumPath === undefined)(named("makers on the screen"), () => {
  let stack: ReachedStack
  let browser: Browser
  let maker: ReturnType<typeof slowMaker>
  let hire: string
  let url: string
  let run: string
  const goals: Record<string, string> = {}

  const hiring = (method: string, path: string, send = {}) => stack.call("hiring", method, path, send)
  const start = (goal: string) =>
    hiring("POST", `/api/v1/hired-agents/${hire}/goals/${goal}/run`, { as: `customer:${CUSTOMER}`, body: {} })
  const runOf = (goal: string, status: string) =>
    until(`a run of ${goal} is ${status}`, async () => {
      const { json } = await stack.call("scheduler", "GET", `/api/v1/scheduler/runs?goal_instance_id=${goal}`, {
        as: "operator:olga",
      })
      return json.items.find((it: { status: string }) => it.status === status)?.scheduled_run_id as string | undefined
    })

  beforeAll(async () => {
    // what is spent is of a month in UTC: none ends while it is looked at
    const monthIn = (millis: number) => new Date(Date.now() + millis).getUTCMonth()
    await until("the month goes on", () => monthIn(0) === monthIn(100_000))
    maker = slowMaker()
    ;[stack, browser] = await Promise.all([sharedStack(), launch()])
    url = `http://127.0.0.1:${stack.base}`
    const published = await stack.call("catalog", "POST", "/api/v1/agent-types", {
      as: "operator:olga",
      body: definition(maker.port, "1.0.0"),
    })
    assert.strictEqual(published.status, 201, JSON.stringify(published.json))
    const budget = { budget: { max_cost_per_month: 2.5 } }
    hire = (await hireAgent(hiring, CUSTOMER, TYPE, budget, { nickname: "Digby" })).hired_instance_id
    for (const name of ["model", "program"]) {
      const goal = { goal_template_id: `digest.${name}`, frequency: "on_demand", settings: {} }
      goals[name] = (await setGoal(hiring, CUSTOMER, hire, goal)).goal_instance_id
    }
    for (const goal of Object.values(goals)) await start(goal)
    await runOf(goals.model!, "completed")
    run = await runOf(goals.program!, "running")
  })
  afterEach(leave)
  afterAll(async () => {
    await browser?.close()
    await maker?.end()
  })

  /** A page as somebody. */
  const as = async (
    role: "operator" | "viewer" | "customer",
  ): Promise<{ page: Page; complaints: ReadonlyArray<string> }> => {
    const visitor = await visit(browser, url)
    await enter(visitor, url, role === "customer" ? { role, subject: CUSTOMER } : { role })
    return visitor
  }

  it("a run that is being made shows since when, until when, its calls and its notes, live; so does its agent", async () => {
    const { complaints, page } = await as("operator")
    await page.goto(`/runs/${run}`)
    const making = page.getByRole("region", { name: "Being made" })
    await making.getByText("reading 40 reviews").waitFor()
    const { json } = await stack.call("scheduler", "GET", `/api/v1/scheduler/runs/${run}`, { as: "operator:olga" })
    const times = await making.locator("time").evaluateAll((all) => all.map((it) => it.getAttribute("datetime")))
    assert.includeMembers(times, [json.making.since, json.making.deadline])
    assert.match(await making.innerText(), /Calls\s+1\s/)
    const mine = await as("customer")
    await mine.page.goto(`/agents/${hire}`)
    await mine.page.getByRole("region", { name: "Being made" }).getByText("reading 40 reviews").waitFor()
    const screens = [["run", `/runs/${run}`], ["makers", "/makers"]] as const
    assert.deepStrictEqual(await unusable(page, screens), {})
    assert.deepStrictEqual(await unusable(mine.page, [["agent", `/agents/${hire}`]]), {})
    maker.done()
    // without a press: the page reads again what is under way
    await making.waitFor({ state: "detached" })
    assert.deepStrictEqual([...complaints, ...mine.complaints], [])
  })

  it("models and hosts stand with their breakers; a check asks a model, and a viewer is offered none", async () => {
    const { complaints, page } = await as("operator")
    await page.goto("/makers")
    const row = page.getByRole("row", { name: new RegExp(ALIAS) })
    await row.getByText("there", { exact: true }).waitFor()
    assert.include(await row.innerText(), "fake-1, openai-compatible")
    await page.getByRole("row", { name: `127.0.0.1:${maker.port}` }).waitFor()
    await row.getByRole("button", { name: `Check ${ALIAS}` }).click()
    await page.getByText(new RegExp(`${ALIAS} answers: .*300 tokens`)).waitFor()
    await stack.sql(
      "deliverables",
      `update maker_places set open_since = now(), retry_at = now() + interval '1 hour', failures = 1, last_error = 'it answered 503'
        where place = 'host:127.0.0.1:${maker.port}'`,
    )
    const away = page.getByRole("row", { name: `127.0.0.1:${maker.port}` })
    await away.getByText("away", { exact: true }).waitFor()
    await away.getByText("it answered 503").waitFor()
    await stack.sql(
      "deliverables",
      `update maker_places set open_since = null, retry_at = null, failures = 0 where place = 'host:127.0.0.1:${maker.port}'`,
    )
    const viewer = await as("viewer")
    await viewer.page.goto("/makers")
    await viewer.page.getByRole("row", { name: new RegExp(ALIAS) }).waitFor()
    assert.strictEqual(await viewer.page.getByRole("button", { name: /^Check/ }).count(), 0)
    assert.deepStrictEqual([...complaints, ...viewer.complaints], [])
  })

  it("an agent's report has its runs, its approval rate, what its models used, and its month against its budget", async () => {
    const asCustomer = { as: `customer:${CUSTOMER}` } as const
    const { json: { items: [draft] } } = await stack.call(
      "deliverables",
      "GET",
      `/api/v1/deliverables?customer_id=${CUSTOMER}&goal_instance_id=${goals.model}`,
      asCustomer,
    )
    await stack.call("deliverables", "POST", `/api/v1/deliverables/${draft.deliverable_id}/review`, {
      ...asCustomer,
      body: { decision: "approved" },
    })
    const { complaints, page } = await as("customer")
    await page.goto(`/agents/${hire}`)
    await page.getByRole("link", { name: "spend this month 0.0014 of 2.50" }).click()
    await page.waitForURL(/tab=report/)
    await page.getByText(/^Spent in \d{4}-\d\d: 0\.0014 of 2\.50$/).waitFor()
    assert.strictEqual(await page.getByRole("meter").getAttribute("aria-valuenow"), "0.0014")
    const runs = page.getByRole("img", { name: /^Runs by week/ })
    await runs.locator("canvas").waitFor()
    assert.match(await runs.getAttribute("aria-label") ?? "", /[12] completed, 0 cancelled, 0 dead-lettered$/)
    assert.match(
      await page.getByRole("img", { name: /^Approval rate by week/ }).getAttribute("aria-label") ?? "",
      / 100 %$/,
    )
    const model = page.getByRole("row", { name: /fake-1/ })
    assert.match((await model.innerText()).replaceAll(/\s+/g, " "), /fake-1 200 100 0\.0014/)
    assert.deepStrictEqual(await unusable(page, [["report", `/agents/${hire}?tab=report`]]), {})
    // a budget is changed where the agent is set up, and where its work goes leaves it alone
    await page.goto(`/agents/${hire}?tab=settings`)
    await page.getByLabel("At most a month").fill("a lot")
    await page.getByRole("button", { name: "Save the budget" }).click()
    await page.getByText("must be a number").waitFor()
    await page.getByLabel("At most a month").fill("3")
    await page.getByRole("button", { name: "Save the budget" }).click()
    await page.getByText("It holds from the next call").waitFor()
    await page.getByLabel(/^A webhook of yours/).check()
    await page.getByLabel(/^The local journal/).check()
    const settingsOf = async () => (await hiring("GET", `/api/v1/hired-agents/${hire}`, asCustomer)).json.settings
    assert.deepStrictEqual((await settingsOf()).budget, { max_cost_per_month: 3 })
    const operator = await as("operator")
    await operator.page.goto("/overview")
    const { json } = await stack.call("deliverables", "GET", "/api/v1/spending", { as: "operator:olga" })
    assert.isAtLeast(json.cost, 0.0014)
    await operator.page.getByRole("link", { name: /^Spend this month 0\.00\d+ of 2\.50/ }).waitFor()
    // but for the amount that was none
    const refused = /status of 400 .*\/hired-agents\/draft/
    assert.deepStrictEqual([...complaints, ...operator.complaints].filter((it) => !refused.test(it)), [])
  })

  it("whom a new version would break is said before it is published; agents are moved after a dry run", async () => {
    const { complaints, page } = await as("operator")
    await page.goto(`/types/publish?from=${TYPE}`)
    await page.getByText("breaks nobody").waitFor()
    const text = page.getByLabel("Definition, as JSON")
    const garden = { key: "garden", label: "Garden", type: "text", required: true }
    await text.fill(JSON.stringify(definition(maker.port, "2.0.0", [nickname, garden])))
    await page.getByText("would break 1 agent").waitFor()
    const row = page.getByRole("table", { name: "Whom it would break" }).getByRole("row").nth(1)
    assert.match(await row.innerText(), /\$\.config\.garden\s+is required/)
    assert.deepStrictEqual(await unusable(page, [["publish", `/types/publish?from=${TYPE}`]]), {})
    await page.goto(`/types/publish?from=${TYPE}`)
    await text.fill(JSON.stringify(definition(maker.port, "1.1.0", [nickname, { ...garden, required: false }])))
    await page.getByText("breaks nobody").waitFor()
    await page.getByRole("button", { name: "Publish", exact: true }).click()
    await page.waitForURL(/version=1\.1\.0/)
    await page.getByRole("button", { name: "Move agents…" }).click()
    const dialog = page.getByRole("dialog")
    assert.isTrue(await dialog.getByRole("button", { name: "Move", exact: true }).isDisabled())
    await dialog.getByRole("button", { name: "Dry run" }).click()
    await dialog.getByText("Would move 1 agent").waitFor()
    const versionOf = async () =>
      (await hiring("GET", `/api/v1/hired-agents/${hire}`, { as: `customer:${CUSTOMER}` })).json.definition_version
    assert.strictEqual(await versionOf(), "1.0.0")
    await dialog.getByRole("button", { name: "Move", exact: true }).click()
    await page.getByText("1 agent moved.").waitFor()
    assert.strictEqual(await versionOf(), "1.1.0")
    assert.deepStrictEqual(complaints, [])
  })

  it("a program whose host is not listed is told of before it is published and after, and to the customer whose goal failed of it", async () => {
    const customer = "unlisted-co"
    const type = {
      ...definition(9, "1.0.0"),
      agent_type_id: "unlisted.screens.v1",
      goal_templates: [template("elsewhere", { kind: "http", url: "https://agents.example.com/make" })],
    }
    const operator = await as("operator")
    await operator.page.goto("/types/publish")
    const field = operator.page.getByLabel("Definition, as JSON")
    const warning = operator.page.getByText(
      /^Digest by elsewhere: The host agents\.example\.com is not in STINT_MAKER_HOSTS/,
    )
    // while it is written, also where the rest of it has faults; and no more once another maker is named
    await field.fill(JSON.stringify({ ...type, agent_type_id: "no id" }))
    await warning.getByText("You can publish it: until that is mended each run of it fails for good.").waitFor()
    await field.fill(JSON.stringify({ ...type, goal_templates: [template("elsewhere", { kind: "builtin" })] }))
    await warning.waitFor({ state: "detached" })
    await field.fill(JSON.stringify(type))
    await operator.page.getByRole("button", { name: "Publish", exact: true }).click()
    await warning.getByText("Until then each run of it fails for good, and waits under Dead letters.").waitFor()
    const agent = (await hireAgent(hiring, customer, type.agent_type_id, {}, { nickname: "Una" })).hired_instance_id
    const { goal_instance_id } = await setGoal(hiring, customer, agent, {
      goal_template_id: "digest.elsewhere",
      frequency: "on_demand",
      settings: {},
    })
    const visitor = await visit(browser, url)
    await enter(visitor, url, { role: "customer", subject: customer })
    const { complaints, page } = visitor
    await page.goto(`/agents/${agent}/goals/${goal_instance_id}`)
    await page.getByRole("button", { name: "Run now" }).click()
    await page.getByText(/Its last run failed for good on .*: The host agents\.example\.com is not in/).waitFor()
    await page.goto("/agents")
    const card = page.getByRole("link", { name: /Una/ })
    await card.getByText("1 goal failed").waitFor()
    const scope = { customer_id: customer }
    const act = (what: string, body: object) =>
      stack.call("scheduler", "POST", `/api/v1/scheduler/${what}`, { as: "operator:olga", body: { scope, ...body } })
    await act("pause", { reason: "a look" })
    await page.reload()
    await card.getByText("paused", { exact: true }).waitFor()
    await page.goto(`/agents/${agent}?tab=goals`)
    await page.getByText(/^An operator paused all your agents on .*: a look\./).waitFor()
    await page.getByText(/^Failed for good on .*: The host agents/).waitFor()
    await page.goto("/calendar")
    await page.getByText(/^An operator paused all your agents on .*: a look\./).waitFor()
    const looked = [["agents", "/agents"], ["goals", `/agents/${agent}?tab=goals`], ["calendar", "/calendar"]] as const
    assert.deepStrictEqual(await unusable(page, looked), {})
    await act("resume", {})
    assert.deepStrictEqual([...complaints, ...operator.complaints], [])
  })
})
