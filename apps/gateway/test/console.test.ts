import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { linesOf, LONGEST, textOf } from "@stint/gateway/Sessions/Cookies"
import { safePath } from "@stint/gateway/Sessions/Policy"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { Browser, jsonOf, ORIGIN } from "../../../tests/support/Browser.ts"
import { type Front, startFront } from "./support/Front.ts"

const page = `<!doctype html><script type="module" src="/assets/index-a1b2.js"></script>`
const script = "export const a = 1\n".repeat(100_000)
let front: Front
let browser: Browser
beforeAll(async () => {
  front = await startFront({
    dist: {
      "index.html": page,
      "assets/index-a1b2.js": script,
      "assets/font.woff2": "font",
      "favicon.svg": "<svg/>",
      ".env": "secret",
    },
  })
  await writeFile(join(front.folder, "beside.txt"), "beside")
  browser = new Browser(front)
})
afterAll(() => front.stop())

const navigate = { accept: "text/html,application/xhtml+xml", "sec-fetch-mode": "navigate" }

describe("the console", () => {
  it.each(["/", "/inbox", "/inbox/DEL-1", "/goals/GOI-1/why?at=2026-03-01", "/index.html", "/a/b/c.d"])(
    "has its page at %s",
    async (path) => {
      const response = await browser.send("GET", path, { headers: navigate })
      assert.deepStrictEqual([response.status, await response.text()], [200, page])
      assert.strictEqual(response.headers.get("content-type"), "text/html; charset=utf-8")
      assert.strictEqual(response.headers.get("cache-control"), "no-cache")
    },
  )

  it("says at / where everything is to whom it is no page, and nothing of the kind elsewhere", async () => {
    for (const headers of [{}, { accept: "*/*" }]) {
      const response = await browser.send("GET", "/", { headers })
      assert.strictEqual(response.status, 200)
      assert.strictEqual(response.headers.get("content-type")?.split(";")[0], "text/plain")
      const paths = (await response.text()).match(/(?<=[ ;]\s*)\/(openapi\.json|docs|livez|readyz)/g)!
      for (const path of paths) assert.strictEqual((await browser.send("GET", path)).status, 200, path)
      assert.deepStrictEqual(paths, ["/openapi.json", "/docs", "/livez", "/readyz"])
    }
    const elsewhere = await browser.send("GET", "/inbox", { headers: { accept: "*/*" } })
    assert.deepStrictEqual([elsewhere.status, (await jsonOf(elsewhere)).code], [404, "not_found"])
  })

  it("lets no outside script, no inline script and no frame into its page", async () => {
    const { headers } = await browser.send("GET", "/", { headers: navigate })
    const rules = new Map(
      headers.get("content-security-policy")!.split("; ").map((rule) => rule.split(/ (.*)/) as [string, string]),
    )
    assert.deepStrictEqual([rules.get("default-src"), rules.get("script-src")], ["'none'", "'self'"])
    assert.deepStrictEqual([rules.get("frame-ancestors"), rules.get("base-uri")], ["'none'", "'none'"])
    assert.notMatch([...rules.values()].join(" "), /https?:|\*|unsafe-eval/)
    assert.strictEqual(headers.get("x-content-type-options"), "nosniff")
    assert.strictEqual(headers.get("x-frame-options"), "DENY")
    assert.isNull(headers.get("strict-transport-security"))
  })

  it("has its files, which never change under their names", async () => {
    const response = await browser.send("GET", "/assets/index-a1b2.js")
    assert.strictEqual(await response.text(), script)
    assert.strictEqual(response.headers.get("content-type"), "text/javascript; charset=utf-8")
    assert.strictEqual(response.headers.get("cache-control"), "public, max-age=31536000, immutable")
    const icon = await browser.send("GET", "/favicon.svg")
    assert.deepStrictEqual([icon.headers.get("content-type"), await icon.text()], ["image/svg+xml", "<svg/>"])
    assert.strictEqual(icon.headers.get("cache-control"), "no-cache")
    const head = await browser.send("HEAD", "/assets/font.woff2")
    assert.deepStrictEqual([head.status, await head.text()], [200, ""])
  })

  it("packs what gets smaller, for browsers that take it", async () => {
    const packed = async (path: string, encodings: string) => {
      const response = await browser.send("GET", path, { headers: { ...navigate, "accept-encoding": encodings } })
      const bytes = new Uint8Array(await response.arrayBuffer())
      return { bytes, coding: response.headers.get("content-encoding"), vary: response.headers.get("vary") }
    }
    for (let n = 0; n < 2; n++) {
      const { bytes, coding, vary } = await packed("/assets/index-a1b2.js", "br, GZIP;q=0.5")
      assert.deepStrictEqual([coding, vary], ["gzip", "accept-encoding"])
      assert.isBelow(bytes.length, script.length / 50)
      const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))
      assert.strictEqual(await new Response(stream).text(), script)
    }
    assert.strictEqual((await packed("/inbox", "gzip")).coding, "gzip")
    for (const encodings of ["", "br", "gzip;q=0", "gzip;q=0.00, identity", "gzipped"]) {
      const { bytes, coding, vary } = await packed("/assets/index-a1b2.js", encodings)
      assert.deepStrictEqual([bytes.length, coding, vary], [script.length, null, "accept-encoding"])
    }
    assert.isNull((await packed("/assets/font.woff2", "gzip")).coding)
  })

  it.each([
    "/assets/gone.js",
    "/assets/",
    "/assets/../index.html",
    "/assets/..%2findex.html",
    "/assets/%2e%2e/%2e%2e/beside.txt",
    "/assets/..%5c..%5cbeside.txt",
    "/assets/index-a1b2.js/x",
    "/assets/.env",
    "/.env",
    "/beside.txt",
    "/..%2fbeside.txt",
    "/session.key",
    "/api/v1/nothing",
    "/session/nothing",
  ])("has no file at %s", async (path) => {
    const request = new Request(`${ORIGIN}/`, { headers: { host: "127.0.0.1:4100" } })
    Object.defineProperty(request, "url", { value: `${ORIGIN}${path}` })
    const response = await front.fetch(request)
    assert.deepStrictEqual([response.status, (await jsonOf(response)).code], [404, "not_found"])
  })

  it("says honestly that it is not built, and everything else works", async () => {
    const bare = await startFront()
    const own = new Browser(bare)
    const response = await own.send("GET", "/inbox", { headers: navigate })
    assert.include(await response.text(), "The console is not built")
    assert.strictEqual((await own.signIn("viewer")).user.role, "viewer")
    assert.strictEqual((await own.send("GET", "/assets/index.js")).status, 404)
    await bare.stop()
  })

  it("is only had by https once it was", async () => {
    const secure = await startFront({ env: { STINT_PUBLIC_URL: "https://stint.example.com" } })
    const own = new Browser(secure, "https://stint.example.com")
    const { headers } = await own.send("GET", "/", { headers: navigate })
    assert.match(headers.get("strict-transport-security")!, /^max-age=\d{8}/)
    await secure.stop()
  })
})

describe("the documents", () => {
  it("are one, with every route once and every operation under a name of its own", async () => {
    const document = await browser.json("GET", "/openapi.json")
    const operations = Object.values<Record<string, { readonly operationId: string }>>(document.paths).flatMap(
      Object.values,
    )
    const ids = operations.map(({ operationId }) => operationId)
    assert.strictEqual(new Set(ids).size, ids.length)
    for (const path of ["/api/v1/agent-types", "/api/v1/hired-agents/{id}", "/api/v1/deliverables", "/session"]) {
      assert.property(document.paths, path)
    }
    for (const [ref] of JSON.stringify(document).matchAll(/#\/components\/schemas\/[\w.-]+/g)) {
      assert.property(document.components.schemas, ref.split("/").at(-1)!)
    }
  })

  it("are shown by Scalar, whose scripts are its own and no other", async () => {
    const response = await browser.send("GET", "/docs", { headers: navigate })
    const html = await response.text()
    const policy = response.headers.get("content-security-policy")!
    const scripts = [...html.matchAll(/<script([^>]*)>([\s\S]*?)<\/script>/g)]
    assert.isNotEmpty(scripts)
    for (const [, attributes, script] of scripts) {
      assert.strictEqual(attributes, "")
      const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(script))
      assert.include(policy, `'sha256-${new Uint8Array(digest).toBase64()}'`)
    }
    assert.notMatch(policy, /script-src[^;]*('unsafe|https?:|\*)/)
  })
})

describe("a path after a sign-in", () => {
  it.each([
    [undefined, "/"],
    ["", "/"],
    ["/inbox?order=expiry#x", "/inbox?order=expiry#x"],
    ["//evil.example/x", "/"],
    ["/\\evil.example", "/"],
    ["/\t/evil.example", "/"],
    ["https://evil.example", "/"],
    ["javascript:alert(1)", "/"],
    ["/..//evil.example", "/evil.example"],
    ["/.//evil.example", "/evil.example"],
  ])("of %s is %s", (asked, path) => {
    assert.strictEqual(safePath(asked), path)
  })
})

describe("the cookies of a text", () => {
  const keeping = { isSecure: false, maxAge: 60 }
  const header = (lines: ReadonlyArray<string>) => lines.map((line) => line.split(";")[0]).join("; ")

  it.each([1, 3_800, 3_801, LONGEST])("hold %i characters", (length) => {
    const text = "x".repeat(length)
    const lines = linesOf("stint", text, keeping, undefined)
    for (const line of lines) assert.isAtMost(line.length, 4_096)
    assert.strictEqual(textOf(`a=b; ${header(lines)}; c=d`, "stint"), text)
  })

  it("forget what is left of a longer one", () => {
    const sent = header(linesOf("stint", "x".repeat(8_000), keeping, undefined))
    const lines = linesOf("stint", "y", keeping, sent)
    assert.deepStrictEqual(lines.map((line) => /^([^=]+)=.*Max-Age=(\d+)/.exec(line)!.slice(1)), [
      ["stint", "60"],
      ["stint.1", "0"],
      ["stint.2", "0"],
    ])
  })

  it.each([undefined, "", "stint", "stint=", "=x", "stint.1=x", "other=x"])("are none in %s", (header) => {
    assert.isUndefined(textOf(header, "stint"))
  })
})
