/** Somebody with a browser: pages of one session, whose console has to stay empty. */
import { readFile } from "node:fs/promises"
import { createRequire } from "node:module"
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core"
import { until } from "../../support/Until.ts"
import { chromiumPath } from "./Chromium.ts"

/** How long one step may take on a machine that has other things to do as well, in milliseconds. */
const STEP_MS = 120_000

/** The sizes of a window. */
export const sizes = { desk: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } } as const

/** What axe found, of those faults that keep somebody from using the page. */
export interface Fault {
  readonly id: string
  readonly impact: string
  readonly where: ReadonlyArray<string>
}

/** A visitor. */
export interface Visitor {
  readonly page: Page
  readonly context: BrowserContext
  /** What the browser's console said that is an error or a warning, and what was thrown, so far. */
  readonly complaints: Array<string>
}

/** Starts the browser. */
export const launch = (): Promise<Browser> => {
  if (chromiumPath === undefined) throw new Error("there is no Chromium here")
  return chromium.launch({ executablePath: chromiumPath, args: ["--no-sandbox", "--disable-gpu"], timeout: STEP_MS })
}

const sessions = new Set<BrowserContext>()

/** Ends the sessions that were opened since the last time: what a test leaves open goes on reading, and costs the next one. */
export const leave = async (): Promise<void> => {
  const open = [...sessions]
  sessions.clear()
  await Promise.all(open.map((context) => context.close()))
}

/** Opens a session at an origin. */
export const visit = async (browser: Browser, baseURL: string): Promise<Visitor> => {
  // without motion: what moves is drawn by the processor here, frame by frame
  const context = await browser.newContext({
    baseURL,
    viewport: sizes.desk,
    colorScheme: "light",
    reducedMotion: "reduce",
    locale: "en-GB",
  })
  sessions.add(context)
  context.setDefaultTimeout(STEP_MS)
  const page = await context.newPage()
  const complaints: Array<string> = []
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(`${message.text()} (${message.location().url})`)
  })
  page.on("pageerror", (error) => complaints.push(error.message))
  return { page, context, complaints }
}

/**
 * Signs in on the local stack, as the page does but without it: each test would draw two screens first that are none of its
 * own. The page's buttons are tried with the inbox.
 */
export const enter = async ({ context }: Visitor, origin: string, as: {
  readonly role: "customer" | "operator" | "viewer"
  readonly subject?: string
  /** As a person of this customer, with these duties. */
  readonly customer_id?: string
  readonly duties?: ReadonlyArray<"reviewer" | "editor" | "reader">
}): Promise<void> => {
  const { csrf } = await (await context.request.get(`${origin}/session`)).json() as { readonly csrf: string }
  const answer = await context.request.post(`${origin}/session/local`, {
    data: as,
    headers: { origin, "x-stint-csrf": csrf },
  })
  if (answer.status() !== 200) throw new Error(`signing in as ${as.role}: ${answer.status()}`)
}

/** Signs in on the local stack, as somebody, with the page's own buttons. */
export const signIn = async ({ page }: Visitor, role: "Customer", subject: string): Promise<void> => {
  await page.goto("/")
  await page.getByLabel("As somebody else").fill(subject)
  await page.getByRole("button", { name: new RegExp(`^${role}`) }).click()
  await page.getByRole("heading", { level: 1 }).waitFor()
}

/** Waits until the page has read what it shows. Asked from outside: the page's policy lets nothing be evaluated in it. */
export const calm = (page: Page): Promise<unknown> =>
  until("the page has read what it shows", () =>
    page.evaluate<boolean>(
      `document.querySelector("h1, h2") !== null && document.querySelector(".bone, [aria-busy=true]") === null`,
    ))

const axeSource = readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8")

/** The serious faults that axe finds in a page as it stands; of `colours` alone, where it was asked about all else just now. */
const axe = async (page: Page, colours: boolean): Promise<ReadonlyArray<Fault>> => {
  if (await page.evaluate("typeof axe") === "undefined") await page.evaluate(await axeSource)
  const only = colours ? ", runOnly: ['color-contrast', 'link-in-text-block']" : ""
  const { violations } = await page.evaluate(`axe.run(document, { resultTypes: ['violations']${only} })`) as {
    readonly violations: ReadonlyArray<{
      readonly id: string
      readonly impact: string
      readonly nodes: ReadonlyArray<{ readonly html: string; readonly failureSummary: string }>
    }>
  }
  return violations.filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, impact, nodes }) => ({
      id,
      impact,
      where: nodes.map(({ failureSummary, html }) => `${html.slice(0, 200)}: ${failureSummary}`),
    }))
}

/** How a screen is looked at, one after the other: it is opened as the first, and then changes as it stands. */
const looks = [
  { colorScheme: "dark", size: "phone" },
  { colorScheme: "light", size: "phone" },
  { colorScheme: "light", size: "desk" },
  { colorScheme: "dark", size: "desk" },
] as const

/**
 * What keeps screens from being usable in both themes, on a phone and on a desk: serious faults of axe, and what stands beside
 * the window. Each is opened once, on a phone in the dark. By the screen's name and how it was looked at.
 */
export const unusable = async (
  page: Page,
  screens: ReadonlyArray<readonly [name: string, path: string]>,
): Promise<Record<string, unknown>> => {
  const faults: Record<string, unknown> = {}
  for (const [name, path] of screens) {
    for (const [nth, { colorScheme, size }] of looks.entries()) {
      await page.setViewportSize(sizes[size])
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" })
      if (nth === 0) await page.goto(path)
      // the page hears of another theme or size with its next frame, and shows it with the one after
      await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
      await calm(page)
      // at the same size another theme is the same document in other colours
      const found = await axe(page, nth > 0 && looks[nth - 1]!.size === size)
      const over = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
      if (found.length > 0) faults[`${name}, ${colorScheme}, ${size}`] = found
      if (over !== 0) faults[`${name}, ${colorScheme}, ${size}, width`] = over
    }
  }
  return faults
}
