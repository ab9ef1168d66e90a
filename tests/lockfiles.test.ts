/** What npm installs by: `npm ci` leaves out, without a word, a package whose entry has no version. */
import { assert, describe, it } from "@effect/vitest"
import { readFile } from "node:fs/promises"

interface Lockfile {
  readonly packages: Readonly<Record<string, { readonly version?: string; readonly link?: boolean }>>
}

describe("lockfiles", () => {
  for (const path of ["package-lock.json", "bench/package-lock.json", "tests/openapi/package-lock.json"]) {
    it(`${path} names the version of every package`, async () => {
      const { packages } = JSON.parse(await readFile(new URL(`../${path}`, import.meta.url), "utf8")) as Lockfile
      // our own packages are links, and what they lead to has none
      const installed = Object.entries(packages).filter(([at, { link }]) => at.includes("node_modules/") && !link)
      assert.isNotEmpty(installed)
      assert.deepStrictEqual(installed.filter(([, { version }]) => !version).map(([at]) => at), [])
    })
  }
})
