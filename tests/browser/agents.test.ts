import type { Browser } from "playwright-core"
import { afterAll, afterEach, assert, beforeAll, describe, it } from "vitest"
import { until } from "../support/Until.ts"
import { chromiumPath, named } from "./support/Chromium.ts"
import { openStage, type Stage } from "./support/Stage.ts"
import { enter, launch, leave, visit } from "./support/Visitor.ts"

type Items = ReadonlyArray<Record<string, unknown>>

describe.skipIf(chromiumPath === undefined)(named("agents, goals and the calendar"), () => {
  let stage: Stage
  let browser: Browser
  beforeAll(async () => {
    ;[stage, browser] = await Promise.all([openStage(), launch()])
  })
  afterEach(leave)
  afterAll(() => browser?.close())

  it("an agent is hired: subscribed, paid, filled in with the service's faults at their fields, finished", async () => {
    const visitor = await visit(browser, stage.url)
    const { complaints, page } = visitor
    await enter(visitor, stage.url, { role: "customer", subject: "hal" })
    await page.goto("/agents")
    await page.getByRole("link", { name: "Hire an agent" }).first().click()
    await page.getByRole("link", { name: /Hire\s*Trading delta futures/ }).click()
    await page.getByLabel("Each quarter").check()
    await page.getByRole("button", { name: "Subscribe" }).click()
    await page.getByText("waits for payment").waitFor()
    const { items } = await stage.call("customer:hal", "hiring", "GET", "/subscriptions?customer_id=hal")
    const [subscription] = items as Items
    assert.strictEqual(subscription!.duration, "quarterly")
    await stage.activate(String(subscription!.subscription_id))
    // the page goes on by itself
    await page.getByRole("button", { name: "Set it up" }).click()

    // the browser's zone is proposed, and kept with the first thing that somebody fills in, not before
    const hireOf = async () =>
      (await stage.call("customer:hal", "hiring", "GET", "/hired-agents?customer_id=hal")).items as Items
    const zone = page.getByRole("combobox", { name: /^Time zone/ })
    const own = await page.evaluate("Intl.DateTimeFormat().resolvedOptions().timeZone")
    assert.strictEqual(await zone.inputValue(), own)
    await page.getByText("That of this browser is filled in").waitFor()
    assert.deepStrictEqual((await hireOf())[0]!.config, {})
    await page.getByLabel(/^Nickname/).fill("Nora")
    await until(
      "both are kept",
      async () => JSON.stringify((await hireOf())[0]!.config) === JSON.stringify({ nickname: "Nora", timezone: own }),
    )
    await page.getByLabel(/^Appearance/).selectOption("dark")
    await zone.fill("Asia/Kolkata")
    await page.getByLabel(/^Exchange\b(?! credential)/).selectOption("delta_exchange_india")
    await page.getByRole("combobox", { name: /^Allowed coins/ }).fill("BTC")
    await page.keyboard.press("Enter")
    await page.getByLabel(/^Most units in an order/).fill("0")
    await page.getByRole("button", { name: "Finish and put it to work" }).click()
    await page.getByText("must be greater than 0").waitFor()
    // the first field with a fault has the focus
    await until(
      "the first fault has the focus",
      async () => await page.evaluate("document.activeElement.id") === "$.config.credential_ref",
    )
    await page.getByText(/the name that it is kept under, such as: vault-7/).waitFor()
    await page.getByLabel(/^Exchange credential/).fill("vault-9")
    await page.getByLabel(/^Default coin/).selectOption("BTC")
    await page.getByLabel(/^Most units in an order/).fill("5")
    await page.getByText("All is filled in and kept.").waitFor()
    await page.getByRole("button", { name: "Finish and put it to work" }).click()
    await page.getByText("It has nothing to do yet").waitFor()

    const [hire] = await hireOf()
    assert.deepStrictEqual([hire!.configured, hire!.config], [true, {
      nickname: "Nora",
      theme: "dark",
      timezone: "Asia/Kolkata",
      exchange_provider: "delta_exchange_india",
      credential_ref: "vault-9",
      allowed_coins: ["BTC"],
      default_coin: "BTC",
      risk_limits: { max_units_per_order: 5 },
    }])
    assert.deepStrictEqual(complaints, [])
  })

  it("a goal is set: its rule is told in words with its next five fires as it is typed, and it can be run and switched off", async () => {
    const hire = await stage.trader("gil")
    const visitor = await visit(browser, stage.url)
    const { complaints, page } = visitor
    await enter(visitor, stage.url, { role: "customer", subject: "gil" })
    await page.goto(`/agents/${hire}/goals/new?template=trading.guardrail_report.v1`)
    // a day of the week that is days away, so that no run comes by itself
    const weekday = (new Date().getUTCDay() + 3) % 7
    const name = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"][weekday]!
    await page.getByLabel("How often").selectOption("weekly")
    await page.getByLabel("On", { exact: true }).selectOption(name.toLowerCase())
    await page.getByLabel("At", { exact: true }).fill("18:30")
    await page.getByText(`every ${name} at 18:30 Asia/Kolkata`).waitFor()
    assert.strictEqual(await page.getByRole("list", { name: "Next runs" }).getByRole("listitem").count(), 5)
    await page.getByRole("img", { name: /runs in the next 30 days/ }).waitFor()
    // a rule that does not work is told at its field
    await page.getByLabel("How often").selectOption("cron")
    await page.getByLabel(/^Cron rule/).fill("61 * * * *")
    await page.getByText("This rule does not work yet").waitFor()
    await page.getByLabel(/^Cron rule/).fill(`30 18 * * ${weekday}`)
    await page.getByRole("list", { name: "Next runs" }).waitFor()
    await page.getByRole("button", { name: "Set the goal" }).click()
    await page.getByRole("button", { name: "Run now" }).click()
    await page.getByText(/^It is queued/).waitFor()
    // what was run stands at the top of the page, and leads to its draft
    await page.getByRole("main").getByRole("link", { name: "Open the draft" }).first().waitFor()
    await page.getByText("completed").first().waitFor()
    await page.getByRole("button", { name: "why" }).first().click()
    await page.getByRole("dialog", { name: "Why" }).getByRole("heading", { name: /ran/ }).waitFor()
    await page.keyboard.press("Escape")
    await page.getByRole("button", { name: "Switch off" }).click()
    await page.getByRole("button", { name: "Switch on" }).waitFor()

    const { items } = await stage.call("customer:gil", "hiring", "GET", `/hired-agents/${hire}/goals`)
    const goals = (items as Items).map(({ enabled, frequency, settings }) => [enabled, frequency, settings])
    assert.deepStrictEqual(goals, [[false, "cron", { schedule: { cron: `30 18 * * ${weekday}` } }]])
    await page.getByRole("button", { name: "Delete…" }).click()
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click()
    await page.getByText("It has nothing to do yet").waitFor()
    assert.deepStrictEqual(complaints, [])
  })

  it("a change of the config is saved whole or refused at its field; where approved work goes is of it", async () => {
    const hire = await stage.trader("cai")
    const visitor = await visit(browser, stage.url)
    const { page } = visitor
    await enter(visitor, stage.url, { role: "customer", subject: "cai" })
    await page.goto(`/agents/${hire}?tab=settings`)
    await page.getByLabel(/^Most units in an order/).fill("-1")
    await page.getByRole("button", { name: "Save" }).first().click()
    await page.getByText("must be greater than 0").waitFor()
    await page.getByLabel(/^Most units in an order/).fill("7")
    await page.getByRole("button", { name: "Save" }).first().click()
    await page.getByText(/^Saved\. Runs/).waitFor()
    // what is stored has its keys in another order than what was typed
    const discard = page.getByRole("button", { name: "Discard" })
    await discard.waitFor({ state: "detached" })
    await page.getByLabel(/^Nickname/).fill("Nora")
    await discard.waitFor()
    await page.getByLabel(/^Nickname/).fill("Night desk")
    await discard.waitFor({ state: "detached" })
    await page.getByLabel(/^A webhook of yours/).check()
    await page.getByLabel(/^Address/).fill("https://elsewhere.example/hook")
    await page.getByLabel(/^Signing secret/).fill("clinic")
    await page.getByRole("button", { name: "Save" }).last().click()
    await page.getByText(/is not in STINT_WEBHOOK_HOSTS/).first().waitFor()

    const { config, settings } = await stage.call("customer:cai", "hiring", "GET", `/hired-agents/${hire}`)
    assert.deepStrictEqual((config as Record<string, unknown>).risk_limits, { max_units_per_order: 7 })
    assert.deepStrictEqual(settings, {})
  })

  it("the calendar has what ran and what will run; the palette finds agents, goals and drafts", async () => {
    const hire = await stage.trader("cal")
    const goal = await stage.orders("cal", hire, 1)
    await stage.draft("cal", hire, goal)
    await stage.call("customer:cal", "hiring", "PUT", `/hired-agents/${hire}/goals`, {
      goal_template_id: "trading.guardrail_report.v1",
      frequency: "daily",
      settings: { schedule: { at: "23:45" } },
    })
    const visitor = await visit(browser, stage.url)
    const { complaints, page } = visitor
    await enter(visitor, stage.url, { role: "customer", subject: "cal" })
    await page.goto("/calendar")
    await page.getByRole("link", { name: /Trade intent draft.*ran/ }).waitFor()
    await page.getByRole("link", { name: /23:45.*Guardrail report.*will run/ }).first().waitFor()
    await page.keyboard.press("w")
    await page.waitForURL(/week=/)
    await page.keyboard.press("Control+k")
    await page.getByRole("dialog", { name: "Find" }).getByRole("combobox").fill("buy 1")
    await page.getByRole("option", { name: /Buy 1 BTC/ }).waitFor()
    await page.keyboard.press("Enter")
    await page.getByRole("heading", { name: "Buy 1 BTC", level: 2 }).waitFor()
    await page.keyboard.press("g")
    await page.keyboard.press("a")
    await page.getByRole("heading", { name: "Agents", level: 1 }).waitFor()
    await page.getByRole("link", { name: /Night desk/ }).waitFor()
    assert.deepStrictEqual(complaints, [])
  })

  it("a draft is found by what it says, and one that fails its checks leads to its goal", async () => {
    const hire = await stage.trader("fay")
    const goal = await stage.orders("fay", hire, 50)
    const failing = await stage.draft("fay", hire, goal)
    await stage.draft("fay", hire, await stage.orders("fay", hire, 3))
    const visitor = await visit(browser, stage.url)
    const { complaints, page } = visitor
    await enter(visitor, stage.url, { role: "customer", subject: "fay" })
    await page.goto(`/agents/${hire}?tab=drafts`)
    const links = page.getByRole("main").getByRole("link", { name: /BTC/ })
    await until("both are there", async () => await links.count() === 2)
    await page.getByRole("searchbox", { name: "Find drafts that say" }).fill("BUY 50")
    await until("the one that says it is there", async () => await links.count() === 1)
    await links.click()
    await page.waitForURL(new RegExp(`/inbox/${failing}`))
    await page.getByRole("link", { name: "Change its goal" }).click()
    await page.waitForURL(`**/agents/${hire}/goals/${goal}`)
    assert.deepStrictEqual(complaints, [])
  })

  it("a zone is judged once it was left, not while it is typed; one list of the inbox is lit", async () => {
    const hire = await stage.trader("zoe")
    const visitor = await visit(browser, stage.url)
    const { page } = visitor
    await enter(visitor, stage.url, { role: "customer", subject: "zoe" })
    await page.goto(`/agents/${hire}/goals/new?template=trading.guardrail_report.v1`)
    await page.getByText("Zone, missed runs, overlaps").click()
    const zone = page.getByRole("combobox", { name: /^Time zone/ })
    await zone.fill("Asia/Kol")
    // the rule is judged by then, and the field says nothing of it yet
    await page.getByText("This rule does not work yet").waitFor()
    assert.strictEqual(await zone.getAttribute("aria-invalid"), null)
    await zone.blur()
    await until("it is judged", async () => await zone.getAttribute("aria-invalid") === "true")
    await zone.fill("Asia/Kolkata")
    await zone.blur()
    await page.getByRole("list", { name: "Next runs" }).waitFor()
    await page.goto("/inbox?show=all")
    const lit = page.getByRole("navigation", { name: "Lists" }).locator("[aria-current=page]")
    await until("the list is known", async () => await lit.count() > 0)
    assert.deepStrictEqual(await lit.allInnerTexts(), ["All"])
  })

  it("an agent is deactivated for good, after a question", async () => {
    const hire = await stage.trader("dee")
    const visitor = await visit(browser, stage.url)
    const { complaints, page } = visitor
    await enter(visitor, stage.url, { role: "customer", subject: "dee" })
    await page.goto(`/agents/${hire}?tab=settings`)
    await page.getByRole("button", { name: "Deactivate…" }).click()
    await page.getByRole("dialog").getByRole("button", { name: "Deactivate" }).click()
    await page.getByText("deactivated", { exact: true }).waitFor()
    const { active } = await stage.call("customer:dee", "hiring", "GET", `/hired-agents/${hire}`)
    assert.isFalse(active)
    assert.deepStrictEqual(complaints, [])
  })
})
