/** What a launcher believes of the processes that it started. */
import { mkdir, mkdtemp, rm } from "node:fs/promises"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterEach, assert, describe, it } from "vitest"
import { LauncherError } from "../src/Postgres/LauncherError.ts"
import { freePortBase } from "../../../tests/support/Stack.ts"
import { until } from "../../../tests/support/Until.ts"
import { complaintOf, failuresAfter, supervise, type Supervised, type Task } from "../src/Stack/Process.ts"

const open: Array<() => unknown> = []

afterEach(async () => {
  for (const close of open.splice(0)) await close()
})

/** Another program that says it can do a service's work; how often it was asked. */
const stranger = async () => {
  let asked = 0
  const server = createServer((_, response) => {
    asked++
    response.end(`{"status":"ready","checks":{}}`)
  }).listen(0, "127.0.0.1")
  await new Promise((resolve) => server.once("listening", resolve))
  open.push(() => (server.closeAllConnections(), server.close()))
  return { asked: () => asked, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

/** A service whose process runs this program. */
const service = (
  url: string,
  program: string,
  more: Pick<Task, "mend"> = {},
): { readonly it: Supervised; readonly lines: Array<string> } => {
  const lines: Array<string> = []
  const launch = { args: ["eval", program], env: { DENO_NO_UPDATE_CHECK: "1" } }
  const it = supervise({ name: "catalog", url, launch: () => launch, rest: Promise.resolve({}), ...more }, {
    line: (line) => void lines.push(line),
    flush: () => Promise.resolve(),
  })
  open.push(() => (it.kill(), it.stop()))
  return { it, lines }
}

const failure = (promise: Promise<unknown>): Promise<LauncherError> =>
  promise.then(() => assert.fail("it is up"), (error) => {
    assert.instanceOf(error, LauncherError)
    assert.notInclude(error.message, "\n")
    return error
  })

describe("a supervised service", () => {
  it("attack: that never worked is given up after some starts, however long each of them took", () => {
    const ends = (worked: boolean, lastedMs: number) =>
      [1, 2, 3].reduce((failures) => failuresAfter(failures, worked, lastedMs), 0)
    assert.deepStrictEqual([ends(false, 100), ends(false, 20_000)], [3, 3])
    assert.deepStrictEqual([ends(true, 100), ends(true, 20_000)], [3, 1])
  })

  it("is not up because another program answers on its port", async () => {
    const { asked, url } = await stranger()
    const { it } = service(url, "setInterval(() => {}, 1000)")
    let isUp = false
    it.up.then(() => isUp = true, () => {})
    // An answer that is believed ends the questions
    await until("it was asked again after its answers", () => asked() >= 3)
    assert.isFalse(isUp)
  })

  it("ends all when its port is taken: nothing is gained by trying again", async () => {
    const { url } = await stranger()
    const { port } = new URL(url)
    const { it, lines } = service(
      url,
      `console.error("catalog: port ${port} is in use; stop what listens there"); Deno.exit(1)`,
    )
    const { message } = await failure(it.up)
    assert.match(message, new RegExp(`^Port ${port}, which catalog needs, was taken by another program: .*\\.$`))
    assert.strictEqual((await it.lost).message, message)
    assert.notMatch(lines.join("\n"), /starting it again/)
  })

  it("that can't be started is quoted with the line that says why", async () => {
    const { it } = service("http://127.0.0.1:1", `await import("data:text/javascript,throw new Error('no luck')")`)
    assert.match((await failure(it.up)).message, /exit status 1; it said: error: Uncaught .*Error: no luck$/)
  })
})

describe("a service that can't work as it finds things", () => {
  /** Works once the folder is there. */
  const program = (folder: string, port: string) => `
    if (!await Deno.stat(${JSON.stringify(folder)}).catch(() => undefined)) Deno.exit(1)
    const { value } = await Deno.stdin.readable.pipeThrough(new TextDecoderStream()).getReader().read()
    const headers = { "x-stint-instance": JSON.parse(value).STINT_INSTANCE }
    const onListen = () => console.log("catalog listens on its port")
    Deno.serve({ hostname: "127.0.0.1", port: ${port}, onListen }, () => Response.json({ checks: {} }, { headers }))`

  it("is started again after what it lacks was made", async () => {
    const folder = join(await mkdtemp(join(tmpdir(), "stint-mend-")), "made")
    open.push(() => rm(dirname(folder), { recursive: true }))
    const port = String(await freePortBase())
    let mended = 0
    const mend = () => (mended++, mkdir(folder))
    const { it, lines } = service(`http://127.0.0.1:${port}`, program(folder, port), { mend })
    await it.up
    assert.strictEqual(mended, 1)
    assert.deepStrictEqual(lines, ["catalog ended with exit status 1: starting it again in 0.2 s"])
  })

  it("is given up when that can't be made", async () => {
    const mend = () => Promise.reject(new LauncherError("The schema is newer."))
    const { it } = service("http://127.0.0.1:1", "Deno.exit(1)", { mend })
    assert.strictEqual((await failure(it.up)).message, "The schema is newer.")
  })
})

describe("the complaint", () => {
  it.each([
    [["loading", "error: Uncaught (in promise) TypeError: x", "  thing()", "    at file:///a.ts:1:1"], /TypeError: x$/],
    [['\u001b[31merror\u001b[0m: Module not found "file:///a.ts".', "    at file:///b.ts:1:1"], /^error: Module not/],
    [["one", "catalog: STINT_PORT_BASE must be a port", ""], /^catalog: STINT_PORT_BASE/],
    [[], /^nothing$/],
  ])("of %j", (lines, says) => {
    assert.match(complaintOf(lines), says)
  })
})
