/** `stint secrets`: what the file of secrets has, and what is wrong with it; never a value. */
import { execFileSync } from "node:child_process"
import { chmod, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, assert, describe, it } from "vitest"
import { invoke } from "./support/invoke.ts"
import { cleanUp, newFolder } from "./support/launcher.ts"

const good = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
const other = "bm90LWEtcHJlZml4ZWQtc2VjcmV0LTEyMzQ1Njc="

const secrets = async (action: string, text: string, mode = 0o600) => {
  const folder = await newFolder()
  const path = join(folder, "secrets.json")
  await writeFile(path, text)
  await chmod(path, mode)
  const { err, out, status } = await invoke(["secrets", action], { env: { STINT_SECRETS: path, STINT_HOME: folder } })
  const said = out + err
  for (const value of [good, other, "hunter2"]) assert.notInclude(said, value)
  return { status, said }
}

describe("stint secrets", () => {
  afterAll(cleanUp)

  it("A1: lists the secrets by customer and name", async () => {
    const file = { globex: { hook: good }, acme: { b: [good, other], a: other, "x\u001b[2J": good }, old: "hunter2" }
    const { said, status } = await secrets("list", `\uFEFF${JSON.stringify(file)}`)
    assert.deepStrictEqual([
      status,
      ...said.trim().split("\n").map((line) => line.replaceAll(/\s+/g, " ")),
    ], [
      0,
      "acme a one",
      "acme b two at once",
      "acme x?[2J one",
      "globex hook one",
      "- old of the older shape: not used",
    ])
  })

  it("the keys of models are no webhooks' secrets: any key will do", async () => {
    const file = { acme: { hook: good }, $models: { example: "sk-test-51d9", odd: "two words" } }
    const { said } = await secrets("check", JSON.stringify(file), 0o600)
    assert.match(said, /fault: \$models odd must be a key: one text of printable ASCII without spaces/)
    assert.match(said, /3 secrets of 1 customers; .*; 1 faults/)
    assert.notInclude(said, "sk-test")
  })

  it("D12: check names what a library would not read, and who else may read the file", async () => {
    const file = { acme: { hook: good, plain: "hunter2-hunter2", many: [good, good, other] } }
    const { said, status } = await secrets("check", JSON.stringify(file), 0o644)
    assert.strictEqual(status, 1)
    assert.match(said, /fault: acme plain is no Standard Webhooks secret/)
    assert.match(said, /fault: acme many must be a secret, or a list of the new one and the old one/)
    assert.match(said, /fault: others than its owner may use .*secrets\.json \(mode 644\)/)
    // a question makes no Postgres
    assert.match(said, /3 secrets of 1 customers; hires were not looked at: There is no Postgres in .*; 3 faults/)
  })

  it("A1: check takes a file that is right, and notes entries of the older shape", async () => {
    const { said, status } = await secrets("check", JSON.stringify({ acme: { hook: [good, other] }, clinic: good }))
    assert.strictEqual(status, 0, said)
    assert.match(said, /note: clinic: of the older shape/)
  })

  it.each([["{", /is not JSON/], ["[]", /must be a JSON object/], [
    '{"acme": ["hunter2"]}',
    /an object of secrets under "acme"/,
  ]])(
    "D12: %s is refused in a sentence",
    async (text, why) => {
      const { said, status } = await secrets("check", text)
      assert.strictEqual(status, 1)
      assert.match(said, why)
      assert.strictEqual(said.trim().split("\n").length, 1)
    },
  )

  it("A4: a pipe or a folder is refused in a sentence that names the setting, and nothing waits", async () => {
    const folder = await newFolder()
    const pipe = join(folder, "pipe")
    execFileSync("mkfifo", [pipe])
    for (const [path, kind] of [[pipe, "a pipe"], [folder, "a folder"]] as const) {
      const { err, status } = await invoke(["secrets", "check"], { env: { STINT_SECRETS: path, STINT_HOME: folder } })
      assert.strictEqual(status, 1)
      assert.include(err, `STINT_SECRETS names ${path}, which can't be read: it is ${kind}, not a regular file.`)
    }
  })
})
