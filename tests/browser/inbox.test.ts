import type { Browser } from "playwright-core"
import { afterAll, afterEach, assert, beforeAll, describe, it } from "vitest"
import { chromiumPath, named } from "./support/Chromium.ts"
import { openStage, type Stage } from "./support/Stage.ts"
import { launch, leave, signIn, visit } from "./support/Visitor.ts"

describe.skipIf(chromiumPath === undefined)(named("the inbox"), () => {
  let stage: Stage
  let browser: Browser
  beforeAll(async () => {
    ;[stage, browser] = await Promise.all([openStage(), launch()])
  })
  afterEach(leave)
  afterAll(() => browser?.close())

  it("is worked by the keyboard alone, from the sign-in to a signed and executed draft", async () => {
    const hire = await stage.trader("kay")
    const goal = await stage.orders("kay", hire, 2)
    const id = await stage.draft("kay", hire, goal)
    const visitor = await visit(browser, stage.url)
    const { complaints, page } = visitor
    await page.goto("/")
    // the roles are buttons; the field for somebody else's name stands behind them
    await page.getByRole("button", { name: /^Customer/ }).waitFor()
    for (let tabs = 0; tabs < 10; tabs++) {
      await page.keyboard.press("Tab")
      if (await page.evaluate("document.activeElement.tagName") === "INPUT") break
    }
    await page.keyboard.type("kay")
    const isCustomer = "document.activeElement.textContent.startsWith('Customer')"
    for (let tabs = 0; tabs < 10 && !await page.evaluate(isCustomer); tabs++) await page.keyboard.press("Shift+Tab")
    await page.keyboard.press("Enter")
    await page.getByRole("heading", { name: "Buy 2 BTC", level: 2 }).waitFor()
    const shown = await page.getByRole("region", { name: "What you sign" }).locator("[title^=SHA-256]").getAttribute(
      "title",
    )
    // both are pressed in the very moment in which the button is there, as by a hand that approves twice
    await page.evaluate(`new MutationObserver((_, observer) => {
      const button = [...document.querySelectorAll("button")].find((one) => one.textContent === "Place order now")
      if (button === undefined) return
      observer.disconnect()
      document.title = button.disabled ? "not yet" : "at once"
      button.click()
      dispatchEvent(new KeyboardEvent("keydown", { key: "x" }))
    }).observe(document.body, { subtree: true, childList: true })`)
    await page.keyboard.press("a")
    await page.getByRole("region", { name: "What was signed" }).waitFor()
    await page.getByRole("button", { name: "Place order now", disabled: false }).waitFor()
    assert.strictEqual(await page.title(), "not yet")
    const approved = await stage.call("customer:kay", "deliverables", "GET", `/deliverables/${id}`)
    assert.deepStrictEqual([approved.review_status, approved.execution_status], ["approved", "not_executed"])
    await page.keyboard.press("x")
    await page.getByText(/^Executed \S+ \d/).waitFor()

    const draft = await stage.call("customer:kay", "deliverables", "GET", `/deliverables/${id}`)
    assert.deepStrictEqual([draft.review_status, draft.execution_status], ["approved", "executed"])
    const approval = await stage.call("customer:kay", "deliverables", "GET", `/approvals/${draft.approval_id}`)
    assert.strictEqual(shown, `SHA-256 ${approval.content_sha256}`)
    assert.deepStrictEqual(complaints, [])
  })

  it("keeps the notes of a rejection, and moves between drafts with j and k", async () => {
    const hire = await stage.trader("rea")
    const older = await stage.draft("rea", hire, await stage.orders("rea", hire, 1))
    const newer = await stage.draft("rea", hire, await stage.orders("rea", hire, 3))
    const visitor = await visit(browser, stage.url)
    const { complaints, page } = visitor
    await signIn(visitor, "Customer", "rea")
    await page.getByRole("heading", { name: "Buy 3 BTC", level: 2 }).waitFor()
    await page.keyboard.press("j")
    await page.waitForURL(`**/inbox/${older}`)
    await page.keyboard.press("k")
    await page.waitForURL(`**/inbox/${newer}`)
    await page.keyboard.press("r")
    await page.getByLabel(/What is wrong/).fill("too many")
    await page.keyboard.press("Control+Enter")
    await page.getByRole("region", { name: "The decision" }).getByText("too many").waitFor()

    const { items } = await stage.call("customer:rea", "deliverables", "GET", `/deliverables/${newer}/approvals`)
    const decisions = (items as ReadonlyArray<Record<string, unknown>>).map(({ decision, notes }) => [decision, notes])
    assert.deepStrictEqual(decisions, [["rejected", "too many"]])
    assert.deepStrictEqual(complaints, [])
  })

  it("does not let a draft be approved that fails its checks", async () => {
    const hire = await stage.trader("ina")
    await stage.draft("ina", hire, await stage.orders("ina", hire, 50))
    const visitor = await visit(browser, stage.url)
    const { complaints, page } = visitor
    await signIn(visitor, "Customer", "ina")
    await page.getByText("It fails within_max_units, so it can only be edited or rejected.").waitFor()
    assert.isTrue(await page.getByRole("button", { name: "Approve", exact: true }).isDisabled())
    assert.deepStrictEqual(complaints, [])
  })

  it("decides on many drafts at once; what can't be approved stays selected and says why", async () => {
    const hire = await stage.trader("mona")
    const goal = await stage.orders("mona", hire, 1)
    const good = [await stage.draft("mona", hire, goal), await stage.draft("mona", hire, goal)]
    const bad = await stage.draft("mona", hire, await stage.orders("mona", hire, 50))
    const visitor = await visit(browser, stage.url)
    const { complaints, page } = visitor
    await signIn(visitor, "Customer", "mona")
    await page.getByRole("region", { name: "Waiting" }).getByRole("listitem").nth(2).waitFor()
    await page.keyboard.press("s")
    const bar = page.getByRole("region", { name: "Selected drafts" })
    await bar.getByRole("button", { name: "all" }).click()
    await bar.getByText("3 drafts selected").waitFor()
    await bar.getByRole("button", { name: "Approve…" }).click()
    await page.getByLabel(/Notes, kept/).fill("all of them")
    await page.keyboard.press("Control+Enter")
    await page.getByText("2 drafts approved.").waitFor()
    await bar.getByText("1 draft selected").waitFor()

    const states = await Promise.all([...good, bad].map(async (id) => {
      const { review_notes, review_status } = await stage.call(
        "customer:mona",
        "deliverables",
        "GET",
        `/deliverables/${id}`,
      )
      return [review_status, review_notes]
    }))
    assert.deepStrictEqual(states, [["approved", "all of them"], ["approved", "all of them"], ["pending_review", null]])
    assert.deepStrictEqual(complaints, [])
  })

  it("is a list and a draft of their own on a phone, with the decision at the thumb", async () => {
    const hire = await stage.trader("pia")
    await stage.draft("pia", hire, await stage.orders("pia", hire, 4))
    const visitor = await visit(browser, stage.url)
    const { page } = visitor
    await page.setViewportSize({ width: 390, height: 844 })
    await signIn(visitor, "Customer", "pia")
    await page.getByRole("link", { name: /Buy 4 BTC/ }).click()
    await page.getByRole("button", { name: "Approve", exact: true }).waitFor()
    assert.isTrue(await page.getByRole("link", { name: /Buy 4 BTC/ }).isHidden())
    const box = await page.getByRole("button", { name: "Approve", exact: true }).boundingBox()
    assert.isAbove(box!.y, 844 / 2)
    assert.isAtLeast(box!.height, 44)
    await page.getByRole("button", { name: /All drafts/ }).click()
    await page.getByRole("link", { name: /Buy 4 BTC/ }).waitFor()
  })
})
