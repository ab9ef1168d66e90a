import { assert, describe, it } from "vitest"
import { violationsIn } from "../scripts/imports.ts"

const rulesOf = (file: string, text: string) => violationsIn(file, text).map(({ rule }) => rule)

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
    ["services/hiring/src/Hires/Http.ts", `import { HiresRepo } from "./Repo.ts"`],
    ["services/hiring/src/Hires/Http.ts", `import { PgClient } from "@effect/sql-pg"`],
    ["services/hiring/src/Hires.ts", `import { PgClient } from "@effect/sql-pg"`],
    ["services/hiring/src/Hires.ts", `import "./Hires/Policy"`],
    ["apps/cli/src/A.ts", `import { Hires } from "../../../services/hiring/src/Hires.ts"`],
  ])("see what %s must not: %s", (file, text) => {
    assert.isNotEmpty(rulesOf(file, text))
  })

  it.each([
    ["packages/domain/src/A.ts", `import { Schema } from "effect"\nimport canonicalize from "canonicalize"`],
    ["services/hiring/src/Hires/Repo.ts", `import { PgClient } from "@effect/sql-pg"`],
    ["services/hiring/src/main.ts", `Deno.exit(0)`],
    ["services/hiring/src/Hires.ts", `// Deno.exit ends it\nimport { Policy } from "./Hires/Policy.ts"`],
    ["services/hiring/test/a.test.ts", `import { startService } from "../../../tests/support/Service.ts"`],
  ])("let %s do what it may: %s", (file, text) => {
    assert.deepStrictEqual(rulesOf(file, text), [])
  })
})
