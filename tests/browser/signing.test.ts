import type { Browser, Page } from "playwright-core"
import { afterAll, afterEach, assert, beforeAll, describe, it } from "vitest"
import { until } from "../support/Until.ts"
import { chromiumPath, named } from "./support/Chromium.ts"
import { sharedStack } from "./support/Shared.ts"
import { draftOf, goalOf, poster, stands, templates } from "./support/Signing.ts"
import { openStage, type Stage } from "./support/Stage.ts"
import { enter, launch, leave, unusable, visit } from "./support/Visitor.ts"

type Duties = ReadonlyArray<"reviewer" | "editor" | "reader">

describe.skipIf(chromiumPath === undefined)(named("signing a draft"), () => {
  let stage: Stage
  let browser: Browser
  beforeAll(async () => {
    ;[stage, browser] = await Promise.all([openStage(), launch()])
  })
  afterEach(leave)
  afterAll(() => browser?.close())

  /** A draft of a customer that has no other, by the template of its goal. */
  const made = async (customer: string, template: string) => {
    const hire = await poster(stage, customer)
    const goal = await goalOf(stage, customer, hire, template)
    return { hire, goal, id: await stage.draft(customer, hire, goal) }
  }

  /** A page of a person of a customer, with all duties or some. */
  const person = async (subject: string, customer_id: string, duties?: Duties) => {
    const visitor = await visit(browser, stage.url)
    await enter(visitor, stage.url, {
      role: "customer",
      subject,
      customer_id,
      ...(duties === undefined ? {} : { duties }),
    })
    return visitor
  }

  const linkedIn = (page: Page) => page.getByRole("group", { name: "LinkedIn" }).getByLabel("Text", { exact: true })

  it("goes from an edit over its difference, an undo and changes by its maker to an execution", async () => {
    const { id } = await made("edda", templates.one)
    const { complaints, page } = await person("edda", "edda")
    await page.goto(`/inbox/${id}`)
    await page.getByRole("button", { name: "Edit", exact: true }).waitFor()
    await page.keyboard.press("e")
    const text = linkedIn(page)
    const before = await text.inputValue()
    await text.fill(`Mornings only. ${before}`)
    // half an edit waits for its person
    await page.keyboard.press("Escape")
    await page.getByText("You began to edit it.").waitFor()
    await page.reload()
    await page.getByRole("button", { name: "Go on" }).click()
    assert.strictEqual(await linkedIn(page).inputValue(), `Mornings only. ${before}`)
    await page.keyboard.press("Control+Enter")
    const revisions = page.getByRole("region", { name: "Revisions" })
    await revisions.getByText("2 words in LinkedIn").waitFor()
    await revisions.getByRole("button", { name: "show" }).click()
    const difference = page.getByRole("group", { name: "From revision 1 to 2" })
    assert.include(await difference.locator("ins").first().textContent(), "Mornings only")

    await page.getByRole("button", { name: "Approve", exact: true }).waitFor()
    await page.keyboard.press("a")
    await page.getByText(/The approval is good for/).waitFor()
    assert.deepInclude(await draftOf(stage, "edda", id), { review_status: "approved", revision: 2, edited_by: "edda" })
    await page.keyboard.press("u")
    await page.getByRole("button", { name: "Approve", exact: true }).waitFor()
    assert.deepInclude(await draftOf(stage, "edda", id), { review_status: "pending_review", revision: 2 })

    await page.keyboard.press("c")
    const ask = page.getByRole("button", { name: "Ask for changes" })
    assert.isTrue(await ask.isDisabled())
    await page.getByLabel("What should its maker change?").fill("Shorter, please")
    await page.keyboard.press("Control+Enter")
    await revisions.getByText(/since revision 2/).waitFor()
    await stands(stage, "edda", id, { review_status: "pending_review", revision: 3, edited_by: null })
    await revisions.getByRole("button", { name: "all 3 revisions" }).click()
    await revisions.getByText(/Revision 2 by edda/).waitFor()
    await page.getByRole("button", { name: "Approve", exact: true }).waitFor()
    await page.keyboard.press("a")
    await page.getByRole("region", { name: "What was signed" }).getByText(/revision 3/).waitFor()
    await page.getByRole("button", { name: / now$/, disabled: false }).waitFor()
    await page.keyboard.press("x")
    await page.getByText(/^Executed \S+ \d/).waitFor()
    assert.deepInclude(await draftOf(stage, "edda", id), { execution_status: "executed", revision: 3 })
    assert.deepStrictEqual(complaints, [])
  })

  it("takes half an edit over onto what was written meanwhile, and says where a value is refused", async () => {
    const { id } = await made("otto", templates.one)
    const { page } = await person("otto", "otto")
    await page.goto(`/inbox/${id}`)
    await page.getByRole("button", { name: "Edit", exact: true }).click()
    const before = await linkedIn(page).inputValue()
    // what is hidden far down in the form doesn't lengthen the page: its frame stays where it is
    assert.strictEqual(await page.evaluate("document.documentElement.scrollHeight - innerHeight"), 0)
    await linkedIn(page).fill(`Ours. ${before}`)
    const { payload } = await draftOf(stage, "otto", id)
    const posts = (payload as { readonly variants: ReadonlyArray<Record<string, unknown>> }).variants
    await stage.call("customer:otto", "deliverables", "PUT", `/deliverables/${id}/content`, {
      payload: {
        ...(payload as object),
        variants: posts.map((post) => post.platform === "x" ? { ...post, text: "Theirs." } : post),
      },
      base_revision: 1,
    })
    await page.getByText(/Revision 2 was written meanwhile/).waitFor()
    await page.getByRole("button", { name: "Take my changes over to revision 2" }).click()
    assert.strictEqual(await linkedIn(page).inputValue(), `Ours. ${before}`)
    const x = page.getByRole("group", { name: "X", exact: true }).getByLabel("Text", { exact: true })
    assert.strictEqual(await x.inputValue(), "Theirs.")
    await x.fill("t".repeat(281))
    await page.getByRole("group", { name: "X", exact: true }).getByText(/too long/).first().waitFor()
    await page.getByRole("button", { name: "Save" }).click()
    // the fault stands at its field, which has the focus
    await until(
      "the field has the focus",
      () => page.evaluate<boolean>(`document.activeElement.getAttribute("aria-invalid") === "true"`),
    )
    assert.match(String(await page.evaluate("document.activeElement.id")), /^\$\.payload\.variants\[1\]/)
    await x.fill("Theirs.")
    await page.getByRole("button", { name: "Save" }).click()
    await page.getByRole("region", { name: "Revisions" }).getByText(/since revision 2/).waitFor()
    const saved = (await draftOf(stage, "otto", id)).payload as typeof payload & { variants: typeof posts }
    assert.deepStrictEqual(saved.variants.map(({ text }) => text), [`Ours. ${before}`, "Theirs."])
  })

  it("is signed by two people, of whom neither wrote it; a reader and an editor are told what they may not", async () => {
    const { id } = await made("quora", templates.two)
    const asha = await person("asha", "quora", ["reviewer", "editor"])
    await asha.page.goto(`/inbox/${id}`)
    await asha.page.getByText("0 of 2: nobody yet").waitFor()
    await asha.page.keyboard.press("e")
    await linkedIn(asha.page).fill("By Asha.")
    await asha.page.keyboard.press("Control+Enter")
    await asha.page.getByText("You wrote this revision, so somebody else has to approve it.").waitFor()
    assert.isTrue(await asha.page.getByRole("button", { name: "Approve", exact: true }).isDisabled())

    const ben = await person("ben", "quora", ["reviewer"])
    await ben.page.goto(`/inbox/${id}`)
    await ben.page.getByRole("button", { name: "Approve", exact: true }).waitFor()
    assert.strictEqual(await ben.page.getByRole("button", { name: "Edit", exact: true }).count(), 0)
    await ben.page.keyboard.press("a")
    await ben.page.getByText("1 more signature of other people needed.").waitFor()
    await ben.page.getByText(/1 of 2: ben/).waitFor()
    await ben.page.keyboard.press("u")
    await ben.page.getByRole("button", { name: "Approve", exact: true }).waitFor()
    await ben.page.keyboard.press("a")
    await ben.page.getByText(/1 of 2: ben/).waitFor()
    assert.deepInclude(await draftOf(stage, "quora", id), { review_status: "pending_review", approvals_given: 1 })

    const rita = await person("rita", "quora", ["reader"])
    await rita.page.goto(`/inbox/${id}`)
    await rita.page.getByText(/You may read it/).waitFor()
    assert.strictEqual(await rita.page.getByRole("button", { name: /Approve|Edit|Changes|Reject/ }).count(), 0)
    const edith = await person("edith", "quora", ["editor"])
    await edith.page.goto(`/inbox/${id}`)
    await edith.page.getByText(/You may edit it/).waitFor()
    assert.strictEqual(await edith.page.getByRole("button", { name: "Approve", exact: true }).count(), 0)

    const cara = await person("cara", "quora", ["reviewer"])
    await cara.page.goto(`/inbox/${id}`)
    await cara.page.getByRole("button", { name: "Approve", exact: true }).click()
    await cara.page.getByRole("region", { name: "What was signed" }).getByText(/2 of 2: ben .*cara/).waitFor()
    assert.deepInclude(await draftOf(stage, "quora", id), { review_status: "approved", approvals_given: 2 })
    for (const { complaints } of [asha, ben, rita, edith, cara]) assert.deepStrictEqual(complaints, [])
  })

  it("is signed by the reviewer of the sample customer, whom a local stack signs in with one click", async () => {
    const { id } = await made("sample-customer", templates.one)
    const { complaints, page } = await visit(browser, stage.url)
    await page.goto(`/inbox/${id}`)
    await page.getByRole("button", { name: /^Reviewer/ }).click()
    await page.waitForURL(`**/inbox/${id}`)
    await page.getByRole("button", { name: "Approve", exact: true }).click()
    await page.getByRole("region", { name: "What was signed" }).getByText(/by sample-reviewer/).waitFor()
    assert.strictEqual(await page.getByRole("button", { name: "Edit", exact: true }).count(), 0)
    assert.deepInclude(await draftOf(stage, "sample-customer", id), { review_status: "approved", approvals_given: 1 })
    assert.deepStrictEqual(complaints, [])
  })

  it("counts down in its place, says in the last hour that it is soon, and expires on the screen", async () => {
    const { id } = await made("exa", templates.soon)
    const { complaints, page } = await person("exa", "exa")
    await page.goto(`/inbox/${id}`)
    const left = page.getByRole("region", { name: "Draft" }).locator(".tag", { hasText: "soon," })
    const first = await left.textContent()
    const width = (await left.boundingBox())!.width
    await until("it counts down", async () => await left.textContent() !== first)
    assert.strictEqual((await left.boundingBox())!.width, width)
    await page.getByText(/1 expire within a day/).waitFor()

    const { sql } = await sharedStack()
    await sql(
      "deliverables",
      `update deliverables set expires_at = now() + interval '4 seconds' where deliverable_id = '${id}'`,
    )
    await page.reload()
    await page.getByText("nobody decided on it in time").waitFor()
    assert.strictEqual(await page.getByRole("button", { name: "Approve", exact: true }).count(), 0)
    assert.deepInclude(await draftOf(stage, "exa", id), { review_status: "expired" })
    await page.getByRole("link", { name: "Expired" }).click()
    await page.getByRole("region", { name: "Expired" }).getByRole("listitem").waitFor()
    assert.deepStrictEqual(complaints, [])
  })

  it("folds the drafts of one goal, and signs them together", async () => {
    const { goal, hire, id } = await made("fola", templates.one)
    const ids = [id, await stage.draft("fola", hire, goal), await stage.draft("fola", hire, goal)]
    const { complaints, page } = await person("fola", "fola")
    await page.goto("/inbox")
    const list = page.getByRole("region", { name: "Waiting" })
    const group = list.getByRole("button", { name: /3 drafts/ })
    assert.strictEqual(await group.getAttribute("aria-expanded"), "false")
    await group.click()
    await list.getByRole("link").nth(2).waitFor()
    await list.getByLabel(/Select all 3 of/).check()
    await page.getByRole("region", { name: "Selected drafts" }).getByRole("button", { name: "Approve…" }).click()
    await page.getByLabel(/Notes, kept/).press("Control+Enter")
    await page.getByText("3 drafts approved.").waitFor()
    for (const one of ids) await stands(stage, "fola", one, { review_status: "approved" })
    await page.getByRole("link", { name: /To execute/ }).click()
    await page.waitForURL(/show=approved/)
    await page.getByRole("region", { name: "To execute" }).getByRole("listitem").nth(2).waitFor()
    assert.deepStrictEqual(complaints, [])
  })

  it("has nothing serious for axe in both themes and sizes, while it is read, edited and compared", async () => {
    const { id } = await made("axel", templates.two)
    const { complaints, page } = await person("axel", "axel")
    await page.goto(`/inbox/${id}`)
    await page.getByRole("button", { name: "Edit", exact: true }).click()
    await linkedIn(page).fill("Words of Axel.")
    await page.keyboard.press("Control+Enter")
    await page.getByText(/Changed since revision 1/).waitFor()
    assert.deepStrictEqual(
      await unusable(page, [["a draft", `/inbox/${id}`], ["by expiry", "/inbox?order=expiry&age=day"]]),
      {},
    )
    assert.deepStrictEqual(complaints, [])
  })
})
