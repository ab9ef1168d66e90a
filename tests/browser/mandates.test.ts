import type { Browser } from "playwright-core"
import { afterAll, afterEach, assert, beforeAll, describe, it } from "vitest"
import { until } from "../support/Until.ts"
import { chromiumPath, named } from "./support/Chromium.ts"
import { openStage, type Stage } from "./support/Stage.ts"
import { enter, launch, leave, signIn, visit } from "./support/Visitor.ts"

/** More mandates than the first page of the list shows. */
const MORE = 50

describe.skipIf(chromiumPath === undefined)(named("mandates"), () => {
  let stage: Stage
  let browser: Browser
  beforeAll(async () => {
    ;[stage, browser] = await Promise.all([openStage(), launch()])
  })
  afterEach(leave)
  afterAll(() => browser?.close())

  const draftOf = (customer: string, id: string) =>
    stage.call(`customer:${customer}`, "deliverables", "GET", `/deliverables/${id}`)

  it("are begun from a draft, tried on past ones, sign the next, and are revoked in one click", async () => {
    // not the browser's zone, and none whose day ends meanwhile
    const zone = new Date().getUTCHours() < 12 ? "Asia/Kolkata" : "America/Phoenix"
    const hire = await stage.trader("mia", zone)
    const goal = await stage.orders("mia", hire, 2)
    const first = await stage.draft("mia", hire, goal)
    const visitor = await visit(browser, stage.url)
    const { complaints, page } = visitor
    await signIn(visitor, "Customer", "mia")
    await page.getByRole("link", { name: "Sign drafts like this without asking me" }).click()
    await page.waitForURL(`**/mandates/new?from=${first}`)
    const units = page.getByRole("group", { name: "Rule units" })
    await units.getByRole("textbox", { name: "Value" }).fill("1")
    await page.getByRole("button", { name: "Try it on past drafts" }).click()
    await page.getByText("Of 1 past draft it would have signed 0").waitFor()
    await page.getByText("units is at most 1").waitFor()
    await units.getByRole("textbox", { name: "Value" }).fill("2")
    await page.getByRole("button", { name: "Try it on past drafts" }).click()
    await page.getByText("Of 1 past draft it would have signed 1").waitFor()
    // its last day is one of the agent's zone
    const day = Temporal.Now.plainDateISO("UTC").add({ days: 10 })
    const end = day.toZonedDateTime({ timeZone: zone, plainTime: "23:59:59" }).toInstant().toString()
    await page.getByLabel("Until the end of").fill(day.toString())
    const shown = page.locator("form time")
    assert.isTrue((await shown.innerText()).endsWith(` 23:59 ${zone}`))
    assert.strictEqual(await shown.getAttribute("title"), end.replace("T", " ").replace("Z", " UTC"))
    await page.getByRole("button", { name: "Sign the mandate" }).click()
    await page.getByText("used 0 of 5 this day").waitFor()

    const second = await stage.draft("mia", hire, goal)
    await until("it is signed", async () => (await draftOf("mia", second)).review_status === "approved")
    await page.getByText("used 1 of 5 this day").waitFor()
    assert.strictEqual((await draftOf("mia", first)).review_status, "pending_review")
    // the draft says who signed it, and leads back, however many were signed since
    const { mandate_id: id } = await draftOf("mia", second)
    const { valid_until } = await stage.call("customer:mia", "deliverables", "GET", `/mandates/${id}`)
    assert.strictEqual(valid_until, end.replace("Z", ".000Z"))
    for (let nth = 0; nth < MORE; nth++) {
      await stage.call("customer:mia", "deliverables", "POST", "/mandates", {
        hired_instance_id: hire,
        rules: [{ path: "units", op: "eq", value: nth + 100 }],
        max_uses: 1,
        per: "day",
        valid_until,
        action: "approve",
      })
    }
    await page.goto(`/inbox/${second}`)
    await page.getByRole("region", { name: "What was signed" }).getByRole("link", { name: "mandate" }).click()
    await page.waitForURL(`**/mandates/${id}`)
    await page.getByRole("article", { name: `Mandate ${id}` }).waitFor()
    assert.strictEqual(await page.getByRole("article").count(), 1)
    // who may not sign may look, and try
    const reader = await visit(browser, stage.url)
    await enter(reader, stage.url, { role: "customer", subject: "rea", customer_id: "mia", duties: ["reader"] })
    await reader.page.goto(`/mandates/${id}`)
    await reader.page.getByRole("article", { name: `Mandate ${id}` }).waitFor()
    assert.strictEqual(await reader.page.getByRole("button", { name: /Revoke|Ask me again/ }).count(), 0)
    await reader.page.goto(`/mandates/new?from=${first}`)
    await reader.page.getByText("To sign it is the duty of a reviewer.").waitFor()
    assert.strictEqual(await reader.page.getByRole("button", { name: "Sign the mandate" }).count(), 0)
    await reader.page.getByRole("button", { name: "Try it on past drafts" }).click()
    await reader.page.getByText(/^Of \d+ past drafts? it would have signed/).waitFor()
    assert.deepStrictEqual(reader.complaints, [])
    await page.getByRole("button", { name: "Ask me again" }).click()
    await page.getByText("revoked by mia").waitFor()
    assert.deepInclude(await stage.call("customer:mia", "deliverables", "GET", `/mandates/${id}`), {
      state: "revoked",
      max_uses: 5,
      per: "day",
      goal_instance_id: goal,
      uses_in_period: 1,
    })
    assert.deepStrictEqual(complaints, [])
  })

  it("say at the rule what is wrong with it, and fit a phone", async () => {
    await stage.trader("noa")
    const visitor = await visit(browser, stage.url)
    const { page } = visitor
    await page.setViewportSize({ width: 390, height: 844 })
    await signIn(visitor, "Customer", "noa")
    await page.goto("/mandates")
    await page.getByText("Every draft asks you").waitFor()
    await page.getByRole("link", { name: "Write a mandate" }).click()
    await page.getByRole("combobox", { name: "Agent" }).or(page.getByRole("textbox", { name: "Agent" })).first().click()
    await page.getByRole("option").first().click()
    const rule = page.getByRole("group", { name: /^Rule/ }).first()
    await rule.getByRole("textbox", { name: "Where" }).fill("a[")
    await rule.getByRole("textbox", { name: "Value" }).fill("x")
    await page.getByRole("button", { name: "Sign the mandate" }).click()
    await rule.getByText(/must be a path/).waitFor()
    const width = await page.evaluate("document.documentElement.scrollWidth") as number
    assert.isAtMost(width, 390)
    await rule.getByRole("textbox", { name: "Where" }).fill("units")
    await page.getByRole("button", { name: "Sign the mandate" }).click()
    await page.getByText("used 0 of 5 this day").waitFor()
    assert.isAtMost(await page.evaluate("document.documentElement.scrollWidth") as number, 390)
    // with a reason
    await page.getByRole("button", { name: "Revoke…" }).click()
    await page.getByRole("dialog").getByRole("textbox").fill("Prices are changing")
    await page.getByRole("button", { name: "Revoke the mandate" }).click()
    await page.getByText(/revoked by noa .*: Prices are changing/).waitFor()
  })
})
