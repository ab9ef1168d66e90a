/** `stint makers check`: the example makers keep to the contract, and a maker that breaks one rule fails the case of it. */
import { spawn } from "node:child_process"
import { createInterface } from "node:readline"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { callBack } from "./support/callBack.ts"
import { invoke } from "./support/invoke.ts"
import { answering, callingBack, type Came, good, json, SECRET, withMaker } from "./support/makers.ts"

const { fetch } = globalThis
const root = fileURLToPath(new URL("../../..", import.meta.url))

let home: string
let secretFile: string
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "stint-maker-"))
  secretFile = join(home, "secret")
  await writeFile(secretFile, `${SECRET}\n`)
})
afterAll(() => rm(home, { recursive: true, force: true }))

/** Checks a maker; the cases that did not hold, by name, and what was said. */
const check = async (url: string, ...more: ReadonlyArray<string>) => {
  const { err, out, status } = await invoke(["makers", "check", url, "--json", "--secret-file", secretFile, ...more], {
    fetch,
  })
  const { cases } = JSON.parse(out) as { cases: ReadonlyArray<{ name: string; state: string; detail?: string }> }
  const failed = Object.fromEntries(
    cases.filter(({ state }) => state === "failed").map(({ detail, name }) => [name, detail]),
  )
  return { failed, err, status, cases }
}

/** A program of the examples on a port of its own; ended when `use` is done. */
const withExample = async (
  program: string,
  args: ReadonlyArray<string>,
  use: (url: string) => Promise<void>,
): Promise<void> => {
  const child = spawn(program, args, {
    cwd: home,
    env: {
      PATH: process.env.PATH,
      STINT_MAKER_SECRET: SECRET,
      STINT_MAKER_DRAFTS: join(home, `drafts-${args.length}`),
    },
    stdio: ["ignore", "pipe", "ignore"],
  })
  try {
    const port = await new Promise<string>((resolve, reject) => {
      child.once("exit", (code) => reject(new Error(`${program} ended with ${code}`)))
      child.once("error", reject)
      createInterface(child.stdout).on("line", (line) => {
        const found = /^listening on (\d+)$/.exec(line)
        if (found !== null) resolve(found[1]!)
      })
    })
    await use(`http://127.0.0.1:${port}/make`)
  } finally {
    child.removeAllListeners("exit")
    const gone = new Promise((resolve) => child.once("exit", resolve))
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGKILL")
      await gone
    }
  }
}

describe("the example makers", () => {
  it("in Python with its standard library keeps to the contract", async () => {
    await withExample("python3", [join(root, "examples/makers/python/maker.py"), "0"], async (url) => {
      const { err, failed, status } = await check(url)
      assert.deepStrictEqual([failed, status], [{}, 0], err)
    })
  })

  it("in TypeScript keeps to the contract", async () => {
    const permissions = ["--allow-net=127.0.0.1", "--allow-env", `--allow-read=${home}`, `--allow-write=${home}`]
    const args = ["run", "--no-prompt", ...permissions, join(root, "examples/makers/typescript/maker.ts"), "0"]
    await withExample(Deno.execPath(), args, async (url) => {
      const { err, failed, status } = await check(url)
      assert.deepStrictEqual([failed, status], [{}, 0], err)
    })
  })
})

let made = 0
const location = { location: "/makings/1" }

describe("a maker that breaks a rule fails the cases of it", () => {
  it.each<[string, (came: Came) => Response | undefined, ReadonlyArray<string>]>([
    ["keeps to all of them", () => undefined, []],
    ["looks at no signature", (came) => came.isSigned ? undefined : json(200, good), ["unsigned", "forged", "changed"]],
    ["takes old requests", (came) => came.isRecent || !came.isSigned ? undefined : json(200, good), ["late"]],
    [
      "fails at what is no JSON",
      (came) => came.isSigned && /\{$/.test(came.text) ? json(500, {}) : undefined,
      ["malformed"],
    ],
    [
      "makes a key anew",
      (came) =>
        came.isSigned && came.isRecent && /\}$/.test(came.text)
          ? json(200, { ...good, title: `${made++}` })
          : undefined,
      ["repeat", "at once"],
    ],
    ["refuses what it does not know", (came) => came.text.includes("added_later") ? json(400, {}) : undefined, [
      "newer",
    ]],
    ["takes little", (came) => came.text.length > 100_000 ? json(413, {}) : undefined, ["large"]],
    [
      "answers 202 and has it at its Location",
      (came) =>
        came.isSigned && came.isRecent && /\}$/.test(came.text)
          ? json(202, { poll_after_seconds: 0 }, location)
          : undefined,
      [],
    ],
  ])("%s", async (_, twist, failing) => {
    await withMaker(answering(twist), async (url) => {
      const { err, failed, status } = await check(url)
      assert.deepStrictEqual(Object.keys(failed), failing, JSON.stringify(failed))
      assert.strictEqual(status, failing.length === 0 ? 0 : 1)
      assert.match(err, failing.length === 0 ? /^Every case holds\.$/m : /of 13 cases failed\.$/m)
    })
  })

  it.each<[string, Response, RegExp]>([
    ["a draft without its fields", json(200, { title: "A reply" }), /not valid: \$\.fields is required/],
    [
      "a draft with more than its fields",
      json(200, { ...good, review_status: "approved" }),
      /\$\.review_status no such field/,
    ],
    ["no JSON", new Response("hello"), /its draft is not valid/],
    ["202 with a Location elsewhere", json(202, {}, { location: "https://elsewhere.example/1" }), /of another host/],
    ["a redirect", new Response(null, { status: 307, headers: { location: "/elsewhere" } }), /it answered 307/],
    ["500", json(500, {}), /it answered 500/],
  ])("answers with %s", async (_, response, why) => {
    const answer = (came: Came) =>
      came.isSigned && came.isRecent && /\}$/.test(came.text) ? response.clone() : undefined
    await withMaker(answering(answer), async (url) => {
      const { failed } = await check(url, "--case", "draft")
      assert.match(failed.draft!, why)
    })
  })

  it("calls back and keeps to the contract, or to all of it but one", async () => {
    await withMaker(answering(callingBack(3)), async (url) => {
      const { cases, failed } = await check(url)
      assert.deepStrictEqual([failed, cases.find(({ name }) => name === "callback")!.state], [{}, "ok"])
    })
    await withMaker(answering(callingBack(1)), async (url) => {
      assert.match((await check(url, "--seconds", "3", "--case", "callback")).failed.callback!, /did not try again/)
    })
  })

  it("calls back before either of two requests at once has its 202", async () => {
    const both = Promise.withResolvers<void>()
    let told = 0
    const handler = async (request: Request) => {
      await callBack(await request.text(), "draft.made", { draft: good }, 1, SECRET)
      if (++told === 2) both.resolve()
      await both.promise
      return json(202, {})
    }
    await withMaker(handler, async (url) => {
      assert.deepStrictEqual((await check(url, "--seconds", "30", "--case", "at once")).failed, {})
    })
  })

  it.each<[string, ReturnType<typeof callingBack>, RegExp, string?]>([
    ["nothing", callingBack(0), /called nothing back within 3 s/, "3"],
    [
      "with another secret",
      callingBack(1, "draft.made", { draft: good }, `whsec_${btoa("another secret")}`),
      /not signed/,
    ],
    ["what is no answer", callingBack(1, "draft.approved"), /what it called back is no answer/],
    ["no draft", callingBack(1, "draft.made", { draft: { title: "A reply" } }), /not valid: \$\.fields is required/],
    ["that it refuses", callingBack(1, "draft.refused", { detail: "no" }), /it called back draft\.refused: no/],
  ])("calls back %s", async (_, twist, why, seconds = "120") => {
    await withMaker(answering(twist), async (url) => {
      assert.match((await check(url, "--seconds", seconds, "--case", "draft")).failed.draft!, why)
    })
  })

  it("is too slow, or not there", async () => {
    const ending = new AbortController()
    const { signal } = ending
    const never = () => new Promise<Response>(() => {})
    const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {}, signal }, never)
    const slow = await check(`http://127.0.0.1:${server.addr.port}/make`, "--case", "draft", "--seconds", "1")
    assert.match(slow.failed.draft!, /no answer within 1 s/)
    ending.abort()
    const gone = await check("http://127.0.0.1:1/make", "--case", "draft")
    assert.match(gone.failed.draft!, /the connection broke/)
    assert.strictEqual(gone.status, 1)
  })
})

describe("stint makers check", () => {
  it("tells each case in words, and asks unsigned where it has no secret", async () => {
    const open = async (request: Request) => {
      await request.text()
      return json(200, good)
    }
    await withMaker(open, async (url) => {
      const { err, out, status } = await invoke(["makers", "check", url], { fetch })
      assert.strictEqual(status, 1)
      assert.match(out, /^ok {7}draft {6}a request is answered 200/m)
      assert.match(out, /^skipped {2}forged {5}a signature by another secret is refused\n +requests are not signed/m)
      assert.match(out, /^FAILED {3}malformed {2}a body that is no JSON is refused\n +what is no JSON must be refused/m)
      assert.match(err, /1 of 13 cases failed\./)
    })
  })

  it("asks with data of one's own", async () => {
    const data = join(home, "data.json")
    const output = { fields: [{ key: "headline", label: "Headline", type: "text", required: true }] }
    await writeFile(data, JSON.stringify({ settings: { topic: "teeth" }, output }))
    let asked = ""
    await withMaker(async (request) => {
      asked ||= await request.text()
      return json(200, { title: "Teeth", fields: { headline: "Teeth" } })
    }, async (url) => {
      const { failed } = await check(url, "--data", data, "--case", "draft")
      assert.notProperty(failed, "draft")
      assert.deepStrictEqual(JSON.parse(asked).data.settings, { topic: "teeth" })
    })
  })

  it.each<[ReadonlyArray<string>, number, RegExp]>([
    [["makers"], 2, /Say one of list, check/],
    // as it was called before
    [["maker", "check"], 2, /Say check URL/],
    [["makers", "check"], 2, /Say check URL/],
    [["makers", "check", "agents.example.com"], 2, /URL must be a url/],
    [["makers", "check", "http://127.0.0.1:1/", "--callback", "me"], 2, /--callback must be a url/],
    [["makers", "check", "http://127.0.0.1:1/", "--seconds", "0"], 2, /--seconds must be 1 to 3600/],
    [["makers", "check", "http://127.0.0.1:1/", "--case", "none"], 2, /--case must be one of draft, repeat/],
    [["makers", "check", "http://127.0.0.1:1/", "--secret-file", "/none"], 1, /--secret-file names \/none/],
    [["makers", "check", "http://127.0.0.1:1/", "--data", "/none"], 1, /--data names \/none/],
  ])("%j is refused", async (args, status, why) => {
    const said = await invoke(args, { fetch })
    assert.strictEqual(said.status, status)
    assert.match(said.err, why)
  })
})
