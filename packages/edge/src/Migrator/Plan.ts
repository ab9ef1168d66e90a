import { Result } from "effect"

/** One file of `sql/<service>/`, by its name there. */
export interface ScriptFile {
  readonly name: string
  readonly sql: string
}

/** A script to apply. `name` is its ledger row: the name of the file without `.up.sql` or `.sql`. */
export interface Step {
  readonly name: string
  readonly sql: string
}

/** A script that reverts others, and the ledger rows that it removes, the latest first. */
export interface StepDown {
  readonly file: string
  readonly undoes: ReadonlyArray<string>
  readonly sql: string
}

/** The scripts of a service's folder in the order in which they are applied and reverted, and the grants that follow them. */
export interface Plan {
  readonly up: ReadonlyArray<Step>
  readonly down: ReadonlyArray<StepDown>
  readonly grants: string | undefined
  /** One statement that prints a row for each check of the schema. */
  readonly verify: string | undefined
}

const pair = /^(\d{3})_\w+\.(up|down)\.sql$/
const phase2 = /^phase2_(\d\d)_\w+\.sql$/

/** Files that are no steps; `rollback.sql` is for an SQL editor. */
const others = ["grants.sql", "verify.sql", "rollback.sql"]

/** phase2_01 to phase2_05 make tables, phase2_06 only checks, phase2_99 reverts all of phase 2. */
const lastOfPhase2 = 5
const rollbackOfPhase2 = 99

const byName = (a: ScriptFile, b: ScriptFile) => a.name < b.name ? -1 : 1

/**
 * Makes the plan of a folder's files. Order: `phase2_01` to `phase2_05` by number, then `NNN_name` by number and name;
 * down is the reverse, with phase 2 reverted as one by its rollback script. Fails with the reason when a file name follows
 * no rule or a script has no counterpart that reverts it.
 */
export const planOf = (files: ReadonlyArray<ScriptFile>): Result.Result<Plan, string> => {
  const stranger = files.find(({ name }) => !others.includes(name) && !pair.test(name) && !phase2.test(name))
  if (stranger !== undefined) {
    return Result.fail(
      `${stranger.name} is neither NNN_name.up.sql, NNN_name.down.sql, phase2_NN_name.sql nor ${others.join(", ")}`,
    )
  }
  const numberInPhase2 = (file: ScriptFile) => Number(phase2.exec(file.name)?.[1])
  const first = files.filter((file) => numberInPhase2(file) <= lastOfPhase2).toSorted(byName)
  const rollback = files.find((file) => numberInPhase2(file) === rollbackOfPhase2)
  if (first.length > 0 && rollback === undefined) return Result.fail("phase2_99, the rollback of phase 2, is missing")
  const later = files.filter(({ name }) => name.endsWith(".up.sql")).toSorted(byName)
  const down: Array<StepDown> = []
  for (const { name } of later.toReversed()) {
    const file = name.replace(/\.up\.sql$/, ".down.sql")
    const found = files.find((candidate) => candidate.name === file)
    if (found === undefined) return Result.fail(`${name} has no ${file}`)
    down.push({ file, undoes: [ledgerName(name)], sql: found.sql })
  }
  if (rollback !== undefined) {
    const undoes = first.map(({ name }) => ledgerName(name)).toReversed()
    down.push({ file: rollback.name, undoes, sql: rollback.sql })
  }
  return Result.succeed({
    up: [...first, ...later].map(({ name, sql }) => ({ name: ledgerName(name), sql })),
    down,
    grants: files.find(({ name }) => name === "grants.sql")?.sql,
    verify: files.find(({ name }) => name === "verify.sql")?.sql,
  })
}

const ledgerName = (file: string): string => file.replace(/(\.up)?\.sql$/, "")
