import { assert, describe, it } from "vitest"
import { importViolations } from "../scripts/imports.ts"
import { layoutViolations } from "../scripts/layout.ts"
import type { Source } from "../scripts/sources.ts"

const brokenImports = (file: string, text: string) => importViolations({ file, text }).map(({ rule }) => rule)

/** The layout rules that files break, from their paths and texts. */
const brokenLayout = (files: Readonly<Record<string, string>>) =>
  layoutViolations(Object.entries(files).map(([file, text]): Source => ({ file, text }))).map(({ rule }) => rule)

describe("the import rules", () => {
  it.each([
    ["packages/domain/src/A.ts", `import { Files } from "@stint/edge/Files"`],
    ["packages/domain/src/A.ts", `import { SqlClient } from "effect/sql"`],
    ["packages/edge/src/A.ts", `import type { Hire } from "@stint/domain/hiring/Hires"`],
    ["packages/edge/src/A.ts", `import { App } from "@stint/catalog/App"`],
    ["packages/edge/src/A.ts", `const cwd = Deno.cwd()`],
    ["services/hiring/src/A.ts", `import {\n  App\n} from "@stint/catalog/App"`],
    ["services/hiring/src/A.ts", `export * from "../../catalog/src/App.ts"`],
    ["services/hiring/test/a.test.ts", `const { App } = await import("@stint/catalog/App")`],
    ["services/hiring/src/A.ts", `import { readFile } from "node:fs/promises"`],
    ["services/hiring/src/Hires.ts", `import "./Hires/Policy"`],
    ["apps/gateway/src/A.ts", `import { App } from "@stint/catalog/App"`],
    ["apps/gateway/src/A.ts", `import { root } from "@stint/cli/Home"`],
    ["apps/gateway/src/A.ts", `import { SqlClient } from "effect/sql"`],
    ["apps/gateway/src/A.ts", `const cwd = Deno.cwd()`],
    ["apps/cli/src/A.ts", `import { Hires } from "../../../services/hiring/src/Hires.ts"`],
  ])("refuse in %s: %s", (file, text) => {
    assert.isNotEmpty(brokenImports(file, text))
  })

  it.each([
    ["packages/domain/src/A.ts", `import { Schema } from "effect"\nimport canonicalize from "canonicalize"`],
    ["packages/edge/src/A.ts", `import { Caller } from "@stint/domain/Caller"`],
    ["services/hiring/src/main.ts", `Deno.exit(0)`],
    ["apps/gateway/src/main.ts", `Deno.exit(0)`],
    ["apps/gateway/src/A.ts", `import { HiringApi } from "@stint/domain/hiring/Api"`],
    ["services/hiring/src/Hires.ts", `// Deno.exit ends it\nimport { Policy } from "./Hires/Policy.ts"`],
    ["services/hiring/test/a.test.ts", `import { startService } from "../../../tests/support/Service.ts"`],
  ])("allow in %s: %s", (file, text) => {
    assert.deepStrictEqual(brokenImports(file, text), [])
  })
})

describe("SQL has its place", () => {
  const sql = `import { PgClient } from "@effect/sql-pg"\nimport type { SqlError } from "effect/sql"`

  it.each([
    "services/hiring/src/Hires/Repo.ts",
    "services/hiring/src/Hires/Repo/Writes.ts",
    "packages/edge/src/Audit/Repo.ts",
    "packages/edge/src/Pg.ts",
    "packages/edge/src/Pg/Url.ts",
    "packages/edge/src/Migrator/Plan.ts",
    "apps/cli/src/Db/Ping.ts",
    "services/hiring/test/hires.test.ts",
  ])("in %s", (file) => {
    assert.deepStrictEqual(brokenLayout({ [file]: sql }), [])
  })

  it.each([
    "services/hiring/src/Hires.ts",
    "services/hiring/src/HiresRepo.ts",
    "services/hiring/src/Repo.ts",
    "services/hiring/src/Hires/PgRepo.ts",
    "services/hiring/src/Hires/RepoPg/Writes.ts",
    "services/hiring/src/Hires/Repo/Writes/Rows.ts",
    "services/hiring/src/Hires/Http.ts",
    "packages/edge/src/Audit.ts",
    "packages/edge/src/Audit/Repo/Part.ts",
  ])("and not in %s", (file) => {
    assert.isAtLeast(brokenLayout({ [file]: sql }).length, 2)
  })

  it.each(["./Repo.ts", "./Repo/Writes.ts", "@stint/edge/Audit/Repo"])(
    "and an Http file does not import %s",
    (name) => {
      assert.lengthOf(brokenLayout({ "services/hiring/src/Hires/Http.ts": `import { X } from "${name}"` }), 1)
    },
  )

  it("and an Http file is imported by App alone", () => {
    const text = (path: string) => `import { http } from "${path}"`
    assert.deepStrictEqual(brokenLayout({ "services/hiring/src/App.ts": text("./Hires/Http.ts") }), [])
    assert.lengthOf(brokenLayout({ "services/hiring/src/Goals/Http.ts": text("../Hires/Http.ts") }), 1)
  })
})

describe("features import each other in no circle", () => {
  it("a circle over several features is shown with its imports, once", () => {
    const broken = brokenLayout({
      "services/hiring/src/Hires.ts": `import { a } from "./Goals/Policy.ts"`,
      "services/hiring/src/Goals/Policy.ts": `import { b } from "./Row.ts"\nimport { c } from "../Trials.ts"`,
      "services/hiring/src/Trials/Row.ts": `import type { D } from "../Hires/Row.ts"`,
    })
    assert.deepStrictEqual(broken, [
      "features of services/hiring import each other in a circle: Goals -> Trials -> Hires -> Goals\n" +
      "  services/hiring/src/Goals/Policy.ts:2 imports ../Trials.ts\n" +
      "  services/hiring/src/Trials/Row.ts:1 imports ../Hires/Row.ts\n" +
      "  services/hiring/src/Hires.ts:1 imports ./Goals/Policy.ts",
    ])
  })

  it("an import by the package's own name counts", () => {
    assert.lengthOf(
      brokenLayout({
        "packages/edge/src/A.ts": `import { b } from "@stint/edge/B/Part"`,
        "packages/edge/src/B.ts": `export * from "./A.ts"`,
      }),
      1,
    )
  })

  it("App, main, handler and Http files belong to no feature, and another package's is another feature", () => {
    assert.deepStrictEqual(
      brokenLayout({
        "services/hiring/src/App.ts": `import { h } from "./Hires.ts"`,
        "services/hiring/src/Hires.ts": `import type { A } from "./App.ts"\nimport { g } from "./Goals.ts"`,
        "services/hiring/src/Hires/Http.ts": `import { g } from "../Goals.ts"`,
        "services/hiring/src/Goals/Http.ts": `import { g } from "../Hires.ts"`,
        "services/hiring/src/Goals.ts": `import { x } from "@stint/edge/Hires"\nimport { y } from "./Goals/Row.ts"`,
      }),
      [],
    )
  })
})

describe("files", () => {
  const lines = (count: number) => "\n".repeat(count)

  it.each(["services/hiring/src/A.ts", "packages/edge/test/a.test.ts", "tests/a.test.ts", "tests/proofs/A.ts"])(
    "%s has at most 300 lines",
    (file) => {
      assert.deepStrictEqual(brokenLayout({ [file]: lines(300) }), [])
      assert.lengthOf(brokenLayout({ [file]: lines(301) }), 1)
    },
  )

  it.each(["RepoMemory.ts", "Hires/Memory.ts", "MemoryTables.ts"])("of a service are not named %s", (name) => {
    assert.lengthOf(brokenLayout({ [`services/hiring/src/${name}`]: "" }), 1)
  })
})
