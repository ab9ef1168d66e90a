/** What all commands have in common: parsing, help, tables, completions, the manual. */
import { execFile } from "node:child_process"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import { assert, describe, it } from "vitest"
import { loadAll } from "../src/commands/All.ts"
import { completionsFor } from "../src/Completions.ts"
import { root } from "../src/Home.ts"
import { manualOf, withManual } from "../src/Manual.ts"
import { cut, widthOf } from "../src/Show/Width.ts"
import * as body from "./support/bodies.ts"
import { invoke } from "./support/invoke.ts"

const runsOf = (...runs: ReadonlyArray<object>) => ({ "scheduler.runs.list": () => body.page(...runs) })

describe("a command line", () => {
  it("that can't be understood is refused with the sentence that helps, and 2", async () => {
    for (
      const [line, words] of [
        ["", "Say which command."],
        ["fly", 'There is no command "fly".'],
        ["runs", "Say one of list, last, show, cancel."],
        ["runs show", "Say show RUN."],
        ["runs show A B", "Say show RUN."],
        ["runs list --follow --reason x", "--reason is not for list."],
        ["runs list --status odd", '--status "odd" is none of pending, running'],
        ["runs list --limit 999", "--limit must be a whole number, 1 to 200."],
        ["runs list --from noon", '--from "noon": must be an RFC 3339 instant in UTC'],
        ["runs cancel SCH-1 --yes", "Say --reason WORDS: why."],
        ["runs cancel SCH-1 --yes --reason ab", "must say why, in 3 to 1,000 characters"],
        ["runs list --nothing", "Unknown option '--nothing'"],
        ["scheduler pause --reason abc --hire H --customer C", "Say --hire or --customer, not both."],
        ["scheduler limits --max 4 --reason abc", "must name exactly one of"],
        ["inbox approve DEL-1@xyz", "say ID, or ID@HASH"],
        ["dlq redrive", "Say --reason WORDS: why, or --dry-run"],
        ["hires list", "Say --customer ID: whose."],
        ["audit list --cursor x", "--cursor goes with --service NAME."],
        ["types publish -", "- is no JSON."],
        ["token --role operator --subject ann --customer acme", "--customer and --duties go with --role customer."],
        ["token --role viewer --subject ann --duties reader", "--customer and --duties go with --role customer."],
        ["token --role customer --subject ann --customer a/b", "Say --customer ID, a customer's: 1 to 128 of"],
        ["token --role customer --subject ann --customer system", "Say --customer ID, a customer's: 1 to 128 of"],
        ["token --role customer --subject ann --duties reader,boss", '--duties "boss": say one or more of reviewer,'],
      ] as const
    ) {
      const { calls, err, out, status } = await invoke(line === "" ? [] : line.split(" "))
      assert.deepStrictEqual([status, out, calls], [2, "", []], line)
      assert.include(err, words)
      assert.match(err, /^stint: [^\n]+ stint --help says more\.\n$/)
    }
  })

  it("takes a flag of a name for the same kind of value in all actions of a command: they are parsed as one", async () => {
    for (const [name, { command: { actions = {} } }] of Object.entries(await loadAll())) {
      const kinds = new Map<string, string>()
      for (const [flag, { of, value }] of Object.values(actions).flatMap(({ flags = {} }) => Object.entries(flags))) {
        const kind = JSON.stringify([value !== undefined, of ?? null])
        assert.strictEqual(kinds.get(flag) ?? kind, kind, `${name}: --${flag}`)
        kinds.set(flag, kind)
      }
    }
  })

  it("names as whom it asks: a person only of a customer, and nobody by the system's own name", async () => {
    for (
      const [as, words] of [
        ["customer", "Say --as customer:ID, the customer's id."],
        ["operator:olga/ann", "say customer:ID/PERSON for a person who acts for a customer."],
        ["customer:acme/", "say customer:ID/PERSON for a person who acts for a customer."],
        ["customer:acme/ann/bob", "say customer:ID/PERSON for a person who acts for a customer."],
        ["customer:/ann", "1 to 128 of"],
        ["customer:acme/System", "system is the system's own name, which no token has."],
        ["customer:system", "system is the system's own name, which no token has."],
      ] as const
    ) {
      const { err, out, status } = await invoke(["inbox", "list", "--as", as], {
        env: { STINT_HOME: "/nowhere", XDG_CONFIG_HOME: "/nowhere" },
      })
      assert.deepStrictEqual([status, out], [2, ""], as)
      assert.include(err, words)
    }
  })

  it("of every command and action has a help", async () => {
    for (const [name, { command }] of Object.entries(await loadAll())) {
      const { out, status } = await invoke([name, "--help"])
      assert.deepStrictEqual([status, out.startsWith(`Usage: stint ${name}`)], [0, true])
      for (const action of Object.keys(command.actions ?? {})) {
        assert.include((await invoke([name, action, "--help"])).out, `Usage: stint ${name} ${action}`)
      }
      assert.deepStrictEqual(out.split("\n").filter((line) => line.length > 118 && !line.includes("  ")), [])
    }
  })
})

describe("a table", () => {
  const long = {
    ...body.run,
    attempts: [{ ...body.run.attempts[0], error_details: { type: "x", message: "é".repeat(200), attempt: 1 } }],
  }

  it("fits the terminal: it is cut, then its last columns go; nothing is cut elsewhere", async () => {
    for (const columns of [40, 60, 80, 120, 300]) {
      const { out } = await invoke(["runs", "list"], { answers: runsOf(long), terminal: true, columns })
      const lines = out.trimEnd().split("\n")
      assert.match(lines[0]!, /^RUN +STATUS/)
      for (const line of lines) assert.isAtMost(widthOf(line), columns)
    }
    const { out } = await invoke(["runs", "list"], { answers: runsOf(long) })
    assert.include(out, "é".repeat(200))
    assert.notInclude(out, "STATUS")
  })

  it("counts what a terminal shows: wide characters twice, marks not at all", () => {
    assert.deepStrictEqual(["tea", "茶茶", "é", "👩‍🔬"].map(widthOf), [3, 4, 1, 2])
    assert.deepStrictEqual([cut("茶茶茶", 4), cut("tea", 3), cut("teapot", 4)], ["茶…", "tea", "tea…"])
  })

  it("has colours where a terminal has them, and escapes those of others", async () => {
    const evil = { ...body.run, reason: "\u001b[31mred\nSCH-2" }
    const plain = await invoke(["runs", "list"], { answers: runsOf(evil), terminal: true, columns: 200 })
    // deno-lint-ignore no-control-regex
    assert.notMatch(plain.out, /\x1b/)
    assert.include(plain.out, "\\u001b[31mred\\nSCH-2")
    const coloured = await invoke(["runs", "list"], {
      answers: runsOf(evil),
      terminal: true,
      columns: 200,
      coloured: true,
    })
    assert.include(coloured.out, "\u001b[32mcompleted")
    assert.include(coloured.out, "\\u001b[31mred\\nSCH-2")
  })

  it("says on standard error where it goes on, and what could not be read", async () => {
    const answers = { "scheduler.runs.list": () => ({ items: [body.run], next_cursor: "abc", unreadable: 2 }) }
    const { err, out } = await invoke(["runs", "list"], { answers })
    assert.strictEqual(out.split("\n").length, 2)
    assert.strictEqual(err, "2 more can't be read, and are left out.\nThere are more: --cursor abc\n")
    assert.strictEqual((await invoke(["runs", "list"], { answers: runsOf() })).err, "None.\n")
  })
})

describe("completions", () => {
  const run = promisify(execFile)

  it("of bash offers commands, actions, flags and values", async () => {
    const script = completionsFor("bash", await loadAll())
    const offered = async (...words: ReadonlyArray<string>) => {
      const line = words.map((word) => `'${word}'`).join(" ")
      const { stdout } = await run("bash", [
        "-c",
        `${script}\nCOMP_WORDS=(${line}); COMP_CWORD=${words.length - 1}; _stint; printf '%s\\n' "\${COMPREPLY[@]}"`,
      ])
      return stdout.trimEnd().split("\n")
    }
    assert.includeMembers(await offered("stint", "r"), ["runs", "retention"])
    assert.deepStrictEqual(await offered("stint", "runs", ""), ["list", "last", "show", "cancel", "--help"])
    assert.includeMembers(await offered("stint", "runs", "list", "--"), ["--follow", "--json", "--status"])
    assert.deepStrictEqual(await offered("stint", "runs", "list", "--status", "com"), ["completed"])
    assert.includeMembers(await offered("stint", "start", "--"), ["--no-sample", "--help"])
  })

  it("of zsh and fish name every command and action, and their shells take them where they are installed", async () => {
    const loaded = await loadAll()
    for (const shell of ["zsh", "fish"] as const) {
      const script = completionsFor(shell, loaded)
      for (const [name, { command }] of Object.entries(loaded)) {
        assert.include(script, name)
        for (const action of Object.keys(command.actions ?? {})) assert.include(script, action)
      }
      const { out, status } = await invoke(["completions", shell])
      assert.deepStrictEqual([status, out], [0, `${script}\n`])
      const isThere = await run(shell, ["--version"]).then(() => true, () => false)
      if (isThere) await run(shell, ["-n", "-c", script])
    }
  })
})

describe("docs/cli.md", () => {
  it("has the help of every command; scripts/cli.ts writes it", async () => {
    const text = await readFile(join(root, "docs/cli.md"), "utf8")
    assert.strictEqual(text, withManual(text, manualOf(await loadAll())))
  })
})
