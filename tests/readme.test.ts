/** The README and docs/: their tours run as they stand, every `sh tour` block of a page in one shell, and what they name is there. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { spawn, spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { openDevKey } from "@stint/cli/DevKey"
import { proofs } from "./proofs/proofs.ts"
import { type Stack, startStack } from "./support/Stack.ts"

const root = fileURLToPath(new URL("..", import.meta.url))

/** A page of ours. */
const page = (path: string) => readFile(join(root, path), "utf8")

/** Each block of a tour, with the output that the page shows below it. */
const tourOf = (text: string) =>
  [...text.matchAll(/```sh tour\n(.*?)```(?:\n\n```text\n(.*?)```)?/gs)].map(([, code, shown]) => ({
    code: code!,
    shown: shown?.trim(),
  }))

/** What a program prints; fails unless it ends with that exit status. */
const output = (
  [program, ...args]: readonly [string, ...ReadonlyArray<string>],
  env: Readonly<Record<string, string>>,
  expected = 0,
) =>
  new Promise<string>((resolve, reject) => {
    const child = spawn(program, args, { cwd: root, env: { ...process.env, ...env } })
    let text = ""
    let errors = ""
    child.stdout.on("data", (chunk) => text += chunk)
    child.stderr.on("data", (chunk) => errors += chunk)
    child.once("error", reject)
    child.once("close", (code) => {
      if (code === expected) resolve(expected === 0 ? text : errors)
      else reject(new Error(`exit ${code}\n${text}\n${errors}`))
    })
  })

/** The programs that docs/api.md shows, and how they are started where their language is there. */
const examples = [
  { language: "python", path: "examples/python/trade.py", version: "--version", command: ["python3"] },
  { language: "go", path: "examples/go/trade.go", version: "version", command: ["go", "run"] },
] as const

/** A server of examples/, which says what its url or its port is once it listens. */
const startExample = (command: string, args: ReadonlyArray<string>, env: Record<string, string> = {}) =>
  new Promise<{ readonly said: string; stop(): void }>((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, env: { ...process.env, ...env } })
    child.once("error", reject)
    child.once("close", (code) => reject(new Error(`${command} ended: ${code}`)))
    child.stdout.once("data", (said) => resolve({ said: String(said), stop: () => void child.kill() }))
  })

/** What a page shows between its fences of that kind, and the output below it. */
const shownAs = (kind: string, text: string) =>
  new RegExp(`\`\`\`sh ${kind}\\n(.*?)\`\`\`\\n\\n\`\`\`text\\n(.*?)\`\`\``, "s").exec(text)!.slice(1) as [
    string,
    string,
  ]

describe("the README and docs", () => {
  let stack: Stack
  beforeAll(async () => void (stack = await startStack({ STINT_BOUNDS: "" })))
  afterAll(() => stack?.stop())

  it("shows what npm start prints", async () => {
    const readme = await page("README.md")
    const [, shown] = /npm start\n```\n\n```text\n(.*?)```/s.exec(readme)!
    const lines = (text: string) =>
      // A home that is not the first one begins with a copy; the sample is left out here; services have lines of their own
      text.trim().split("\n").filter((line) => !/^(postgres +preparing|sample:| )|^\w+ +\|/.test(line))
    const here = shown!.replaceAll(
      /(127\.0\.0\.1:|port )410(\d)/g,
      (_, before, n) => `${before}${stack.base + Number(n)}`,
    )
      .replace("data in .stint", `data in ${stack.home}`)
    assert.deepStrictEqual(lines(stack.output()), lines(here))
  })

  it.each([["README.md", 4], ["docs/tour.md", 7]])("the tour of %s prints what it says", async (path, atLeast) => {
    const blocks = tourOf(await page(path))
    assert.isTrue(blocks.length >= atLeast)
    const script = blocks.map(({ code }) => `${code}\necho '---block---'`).join("\n")
      .replaceAll(/127\.0\.0\.1:410(\d)/g, (_, n) => `127.0.0.1:${stack.base + Number(n)}`)
      .replaceAll("npx stint", "node apps/cli/bin/stint.js")
    const file = join(stack.home, `${path.replaceAll("/", "-")}.sh`)
    await mkdir(stack.home, { recursive: true })
    await writeFile(file, `set -euo pipefail\n${script}\n`)
    const shown = await output(["bash", file], { STINT_HOME: stack.home })
    // whether the scheduler runs is asked for a moment only: on a busy machine it may be unknown
    const printed = shown.split("---block---").map((text) => text.trim().replace(/^unknown$/m, "running"))
    for (const [n, { shown }] of blocks.entries()) if (shown !== undefined) assert.strictEqual(printed[n], shown)
  })

  it(
    "drafts by a model and by a program come from the hire to their execution as the pages say, with what examples/ has",
    async () => {
      const text = await page("README.md")
      const [code, shown] = shownAs("model", text)
      const [makerCode, makerShown] = shownAs("maker", await page("docs/makers.md"))
      assert.strictEqual(code.trim().split("\n").filter((line) => line.includes("npx stint")).length, 5)
      const [field] = /^field\(\) .*$/m.exec(text)!
      const folder = await mkdtemp(join(tmpdir(), "stint-readme-"))
      const file = async (name: string, body: string) => {
        await writeFile(join(folder, name), body, { mode: 0o600 })
        return join(folder, name)
      }
      const secret = `whsec_${btoa("a secret of both")}`
      const standIn = await startExample("node", ["examples/model/server.mjs", "0"])
      const maker = await startExample("python3", ["examples/makers/python/maker.py", "0"], {
        STINT_MAKER_SECRET: secret,
        STINT_MAKER_DRAFTS: join(folder, "drafts.db"),
      })
      const place = `127.0.0.1:${/\d+/.exec(maker.said)![0]}`
      const models = (await page("examples/model/models.json"))
        .replace("http://127.0.0.1:4190/v1", /http:\S+/.exec(standIn.said)![0])
      const type = (await page("examples/makers/type.json")).replace("127.0.0.1:9700", place)
      const own = await startStack({
        STINT_MODELS: await file("models.json", models),
        STINT_MAKER_HOSTS: place,
        STINT_SECRETS: await file("secrets.json", JSON.stringify({ $makers: { reviews: secret } })),
      })
      try {
        const script = [field, code, "echo '---block---'", makerCode].join("\n")
          .replaceAll("npx stint", "node apps/cli/bin/stint.js")
          .replace("examples/makers/type.json", await file("type.json", type))
        const env = { STINT_HOME: own.home, STINT_PORT_BASE: String(own.base) }
        const said = await output(["bash", await file("all.sh", `set -euo pipefail\n${script}`)], env)
        assert.deepStrictEqual(said.split("---block---").map((it) => it.trim()), [shown.trim(), makerShown.trim()])
        // a period, since at a month's end it is another month in the zone of one agent than in that of the other
        const report = await own.call("deliverables", "GET", "/api/v1/customers/bakery/report", { as: "viewer:vera" })
        // 900 tokens in at 0.5 a million, 120 out at 1.5; the program costs nothing that is known
        assert.deepInclude(report.json, { drafts: 2, cost: 0.00063 })
      } finally {
        await own.stop()
        standIn.stop()
        maker.stop()
        await rm(folder, { recursive: true })
      }
    },
    300_000,
  )

  it.each(examples)("docs/api.md shows $path as it is", async ({ language, path }) => {
    const [, shown] = new RegExp(`\n\`\`\`${language}\\n(.*?)\`\`\`\n`, "s").exec(await page("docs/api.md"))!
    assert.strictEqual(shown, await page(path))
  })

  for (const { command: [program, ...args], path, version } of examples) {
    // Where the language is missing the test is skipped, and counted as that
    const isThere = spawnSync(program, [version]).status === 0
    it.skipIf(!isThere)(`${path} hires, signs and executes, and says what is refused`, async () => {
      const key = await openDevKey(stack.home, {})
      const token = (role: "customer" | "operator" | "viewer", subject: string) => key.sign({ role, subject, ttl: 600 })
      const customer = `${program}-clinic`
      const env = {
        STINT_URL: `http://127.0.0.1:${stack.base}`,
        CUSTOMER_TOKEN: await token("customer", customer),
        OPERATOR_TOKEN: await token("operator", "olga"),
      }
      // The second time the customer is signed up already
      for (const times of [1, 2]) {
        const said = await output([program, ...args, path], env)
        const pattern = /^customer +(.*)\nhire +(HAI-.*)\ndraft +buy 2 BTC\napproved +(.*)\nexecuted +(DLV-.*)\n$/
        const [, who, hire, hash, delivery] = pattern.exec(said) ?? assert.fail(said)
        assert.strictEqual(who, customer)
        const { json } = await stack.call("deliverables", "GET", `/api/v1/deliverables?customer_id=${customer}`, {
          as: "operator:olga",
        })
        assert.strictEqual(json.items.length, times)
        assert.deepInclude(json.items[0], {
          hired_instance_id: hire,
          content_sha256: hash,
          review_status: "approved",
          execution_status: "executed",
        })
        assert.strictEqual(json.items[0].execution.delivery_id, delivery)
      }
      const refused = await output(
        [program, ...args, path],
        { ...env, CUSTOMER_TOKEN: await token("viewer", "vera") },
        1,
      )
      assert.match(refused, /^Stint refuses: 403 wrong_role: /)
    })
  }

  it("the agent type in docs/agent-types.md can be published", async () => {
    const [, json] = /```json\n(.*?)```/s.exec(await page("docs/agent-types.md"))!
    const { json: made, status } = await stack.call("catalog", "POST", "/api/v1/agent-types", {
      as: "operator:olga",
      body: JSON.parse(json!),
    })
    assert.deepStrictEqual([status, made.id], [201, "garden.keeper.v1@1.0.0"], JSON.stringify(made))
  })

  it("has a row for every proof, and a proof for every row", async () => {
    const text = await page("docs/guarantees.md")
    const table = text.slice(text.indexOf("| promise"), text.indexOf("The limits:"))
    const rows = [...table.matchAll(/^\|.*\| `(\w+)` +\|.*\|$/gm)].map(([, name]) => name)
    assert.deepStrictEqual([...rows].sort(), proofs.map(({ name }) => name).sort())
  })

  it("fits on a few screens", async () => {
    assert.isAtMost((await page("README.md")).split("\n").length, 200)
  })

  it("names tests and files that are there, and so does every page", async () => {
    const pages = [
      "README.md",
      ...(await readdir(join(root, "docs"))).filter((it) => it.endsWith(".md")).map((it) => `docs/${it}`),
    ]
    let named = 0
    for (const path of pages) {
      const text = await page(path)
      const quoted = [
        ...text.matchAll(
          /`((?:packages|services|apps|tests|sql|bench|docs|examples|scripts)\/[\w./-]+\.(?:ts|md|sql|py|go))`/g,
        ),
      ]
        .map(([, name]) => name!).filter((name) => !/NAME|SERVICE/.test(name))
      const linked = [...text.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, to]) => join(dirname(path), to!))
      for (const name of [...quoted, ...linked]) {
        named++
        assert.isTrue(existsSync(join(root, name)), `${path} names ${name}`)
      }
    }
    assert.isTrue(named > 40)
  })
})
