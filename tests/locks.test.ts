/** Every advisory lock has a key of its own, in a file of keys. */
import { assert, describe, it } from "vitest"
import { readSources } from "../scripts/sources.ts"

const root = new URL("..", import.meta.url)
const sources = (await readSources(root.pathname)).filter(({ file }) => /^(packages|services)\/[^/]+\/src\//.test(file))
const files = sources.map(({ file }) => file).filter((file) => /^[^/]+\/[^/]+\/src\/Locks\.ts$/.test(file))

describe("advisory locks", () => {
  it("C6: have distinct keys, those of all services and of the edge together", async () => {
    const keys = (await Promise.all(files.map((file) => import(new URL(file, root).href))))
      .flatMap((module) => Object.values<unknown>(module))
    assert.isNotEmpty(keys)
    assert.isTrue(keys.every((key) => typeof key === "number" && Number.isSafeInteger(key)))
    assert.strictEqual(new Set(keys).size, keys.length)
  })

  it("are taken by a key that has a name", () => {
    const calls = sources.flatMap(({ file, text }) =>
      [...text.matchAll(/pg_(?:try_)?advisory_\w*lock\w*\(([^)]*)\)/g)].map(([, key]) => `${file}: ${key}`)
    )
    assert.deepStrictEqual(calls.filter((call) => !/: \$\{[A-Z_]+\}?/.test(call)), [])
  })
})
