/** What all commands have in common: parsing, tables, colours, questions, waiting, where and as whom, completions, the manual. */
import { execFile } from "node:child_process"
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { assert, describe, it } from "vitest"
import { loadAll } from "../src/Commands.ts"
import { completionsFor } from "../src/Completions.ts"
import { root } from "../src/Home.ts"
import { manualOf, withManual } from "../src/Manual.ts"
import { cut, widthOf } from "../src/Show/Width.ts"
import * as body from "./support/bodies.ts"
import { Refusal, tokenOf } from "./support/fakeServices.ts"
import { invoke } from "./support/invoke.ts"

const runsOf = (...runs: ReadonlyArray<object>) => ({ "scheduler.runs.list": () => body.page(...runs) })

describe("a command line", () => {
  it("that can't be understood is refused with the sentence that helps, and 2", async () => {
    for (
      const [line, words] of [
        ["", "Say which command."],
        ["fly", 'There is no command "fly".'],
        ["runs", "Say one of list, show, cancel."],
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
      ] as const
    ) {
      const { calls, err, out, status } = await invoke(line === "" ? [] : line.split(" "))
      assert.deepStrictEqual([status, out, calls], [2, "", []], line)
      assert.include(err, words)
      assert.match(err, /^stint: [^\n]+ stint --help says more\.\n$/)
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

describe("what can't be taken back", () => {
  const cancelled = { "hiring.subscriptions.cancel": () => ({ ...body.subscription, status: "canceled" }) }
  const setting = { answers: cancelled, role: "customer" }

  it("is refused where nobody can be asked, and is done on a yes alone", async () => {
    const alone = await invoke(["subs", "cancel", "SUB-1"], setting)
    assert.deepStrictEqual([alone.status, alone.calls], [2, []])
    assert.include(alone.err, "Nobody can be asked here: say --yes.")
    const no = await invoke(["subs", "cancel", "SUB-1"], { ...setting, terminal: true, reply: "" })
    assert.deepStrictEqual([no.status, no.calls], [1, []])
    assert.include(no.err, "Nothing was changed.")
    const yes = await invoke(["subs", "cancel", "SUB-1"], { ...setting, terminal: true, reply: "y" })
    assert.deepStrictEqual([yes.status, yes.calls], [0, ["hiring.subscriptions.cancel"]])
    assert.include(yes.err, "SUB-1 is canceled now, for good. Go on? [y/N]")
  })

  it("a draft is decided as it was shown, or as it was named", async () => {
    const answers = {
      "deliverables.deliverables.get": () => body.draft,
      "deliverables.reviews.decide": () => ({
        items: [
          { deliverable_id: "DEL-1", deliverable: { ...body.draft, review_status: "approved" } },
          {
            deliverable_id: "DEL-2",
            problem: new Refusal(409, "already_reviewed", "That deliverable has been decided on").body,
          },
        ],
      }),
    }
    const asked = await invoke(["inbox", "approve", "DEL-1", "DEL-2"], {
      answers,
      role: "customer",
      terminal: true,
      reply: "yes",
    })
    assert.include(asked.err, "  | Drink it \\u001b[31mhot")
    assert.include(asked.err, "2 drafts are approved as shown. Go on?")
    assert.strictEqual(asked.status, 4)
    assert.match(asked.err, /DEL-2: That deliverable has been decided on\. stint inbox show ID says how\./)
    const named = await invoke(["inbox", "approve", "DEL-1@abcdef01"], { answers, role: "customer" })
    assert.include(named.calls, "deliverables.reviews.decide")
    const other = await invoke(["inbox", "approve", "DEL-1@00000000"], { answers, role: "customer" })
    assert.deepStrictEqual([other.status, other.calls], [4, ["deliverables.deliverables.get"]])
  })

  it("another role is refused with 5, and told which it takes", async () => {
    const { err, status } = await invoke(["subs", "cancel", "SUB-1", "--yes"], { answers: cancelled })
    assert.strictEqual(status, 5)
    assert.include(err, "It takes customer: on the local stack say --as ROLE:SUBJECT")
  })
})

describe("--wait and --follow", () => {
  /** Answers with one after the other, the last one again and again. */
  const inTurn = (...answers: ReadonlyArray<unknown>) => {
    let nth = 0
    return () => answers[Math.min(nth++, answers.length - 1)]
  }
  const running = { ...body.run, status: "running", deliverable_id: null }
  const dead = { ...body.run, status: "dead_lettered", reason: "maker_refused" }
  const away = new Refusal(503, "unavailable", "A service that is needed does not answer now")

  it("waits for the end of a run, through an outage, and says by its status how it ended", async () => {
    const good = await invoke(["runs", "show", "SCH-1", "--wait"], {
      answers: { "scheduler.runs.get": inTurn(running, away, running, body.run) },
    })
    assert.deepStrictEqual([good.status, good.calls.length], [0, 4], good.err)
    const bad = await invoke(["runs", "show", "SCH-1", "--wait", "--json"], {
      answers: { "scheduler.runs.get": inTurn(running, dead) },
    })
    assert.deepStrictEqual([bad.status, JSON.parse(bad.out).status], [1, "dead_lettered"])
    assert.include(bad.err, "The run is dead_lettered: maker_refused.")
    const gone = await invoke(["runs", "show", "SCH-1", "--wait"])
    assert.strictEqual(gone.status, 3)
  })

  it("gives up after --timeout, and says how to go on", async () => {
    const { err, status } = await invoke(["runs", "show", "SCH-1", "--wait", "--timeout", "1s"], {
      answers: { "scheduler.runs.get": () => running },
    })
    assert.strictEqual(status, 1)
    assert.include(err, "No end within 1 s; it goes on. stint runs show SCH-1 says how it stands.")
  })

  it("a goal that is run, a trigger, a retry, a redrive, a backfill and a delivery are waited for", async () => {
    const queued = { goal_instance_id: "GOI-1", scheduled_time: body.run.scheduled_time, scheduler: "running" }
    const triggered = {
      status: "triggered",
      goal_instance_id: "GOI-1",
      scheduled_time: body.run.scheduled_time,
      scheduled_run_id: "SCH-1",
    }
    const waiting = {
      delivery_id: "DLV-1",
      state: "waiting",
      reason: null,
      attempts: 1,
      last_error: "refused",
      next_attempt_at: body.run.scheduled_time,
    }
    const approved = { ...body.draft, review_status: "approved", approval_id: "APR-1" }
    const lines: ReadonlyArray<readonly [string, Record<string, () => unknown>, number]> = [
      ["goals run GOI-1 --hire HAI-1", {
        "hiring.goals.run": () => queued,
        "scheduler.runs.list": inTurn(body.page(), body.page(running), body.page(body.run)),
        "scheduler.runs.get": () => body.run,
      }, 0],
      ["scheduler trigger GOI-1", {
        "scheduler.triggers.trigger": () => triggered,
        "scheduler.runs.get": inTurn(running, dead),
      }, 1],
      ["dlq retry DLQ-1", {
        "scheduler.deadLetters.retry": () => ({ status: "queued", dlq_id: "DLQ-1", retry_count: 1 }),
        "scheduler.deadLetters.get": inTurn(body.deadLetter, { ...body.deadLetter, state: "resolved" }),
        "scheduler.runs.get": () => running,
      }, 0],
      ["dlq retry DLQ-1", {
        "scheduler.deadLetters.retry": () => ({ status: "queued", dlq_id: "DLQ-1", retry_count: 1 }),
        "scheduler.deadLetters.get": () => body.deadLetter,
        "scheduler.runs.get": inTurn(running, dead),
      }, 1],
      ["dlq redrive --reason mended", {
        "scheduler.deadLetters.redrive": () => ({
          matched: 1,
          queued: 1,
          dlq_ids: ["DLQ-1"],
          runs: 1,
          finishes_at: null,
        }),
        "scheduler.deadLetters.get": () => ({ ...body.deadLetter, state: "resolved" }),
      }, 0],
      ["scheduler backfill GOI-1 --from 2026-03-01T00:00:00Z --to 2026-03-02T00:00:00Z --reason lost", {
        "scheduler.backfill.backfill": () => ({
          matched: 1,
          queued: 1,
          slots: [{ scheduled_time: body.run.scheduled_time, outcome: "queued", scheduled_run_id: "SCH-1" }],
          next_from: null,
          finishes_at: body.run.scheduled_time,
          dry_run: false,
        }),
        "scheduler.runs.get": inTurn(running, body.run),
      }, 0],
      ["scheduler pause --reason maintenance", {
        "scheduler.pauses.pause": () => ({
          status: "paused",
          message: "Paused",
          paused_at: body.run.scheduled_time,
          reason: "maintenance",
          running_goals_at_pause: 2,
          running_goals_after_wait: 1,
        }),
      }, 1],
    ]
    for (const [line, answers, status] of lines) {
      const said = await invoke([...line.split(" "), "--wait"], { answers })
      assert.strictEqual(said.status, status, `${line}: ${said.err}`)
    }
    const delivered = await invoke(["inbox", "execute", "DEL-1", "--yes", "--wait"], {
      role: "customer",
      answers: {
        "deliverables.deliverables.get": inTurn(approved, { ...approved, execution: waiting }, {
          ...approved,
          execution_status: "executed",
          execution: { ...waiting, state: "delivered" },
        }),
        "deliverables.executions.execute": () => ({ ...approved, execution: waiting }),
      },
    })
    assert.strictEqual(delivered.status, 0, delivered.err)
    assert.match(delivered.out, /execution_status +executed/)
  })

  it("--follow prints a line for each run that comes or changes, and goes on through an outage", async () => {
    const second = { ...running, scheduled_run_id: "SCH-2" }
    const answers = {
      "scheduler.runs.list": inTurn(
        body.page(running),
        body.page(running),
        away,
        body.page(second, body.run),
        body.page({ ...second, status: "completed" }, body.run),
      ),
    }
    const until = (out: string) => out.split("\n").length > 4
    const { err, out, status } = await invoke(["runs", "list", "--follow", "--json"], { answers, until })
    assert.strictEqual(status, 0)
    const lines = out.trimEnd().split("\n").map((line) => JSON.parse(line))
    assert.deepStrictEqual(lines.map((run) => [run.scheduled_run_id, run.status]), [
      ["SCH-1", "running"],
      ["SCH-1", "completed"],
      ["SCH-2", "running"],
      ["SCH-2", "completed"],
    ])
    assert.strictEqual(err, "A service that is needed does not answer now.\n")
  })
})

describe("where, and as whom", () => {
  const answers = { "catalog.agentTypes.list": () => body.page(body.agentType) }

  it("login tries a token, keeps it for its owner alone and for its address alone; logout forgets it", async () => {
    const config = await mkdtemp(join(tmpdir(), "stint-login-"))
    const env = { XDG_CONFIG_HOME: config, STINT_HOME: config }
    const path = join(config, "stint/login.json")
    try {
      const bad = await invoke(["login", "--url", "http://stint.test"], { env, answers, stdin: "a.b.c\n" })
      assert.deepStrictEqual([bad.status, await stat(path).catch(() => "none")], [5, "none"])
      const token = tokenOf("viewer", "vera")
      const done = await invoke(["login", "--url", "https://stint.test/"], { env, answers, stdin: `${token}\n` })
      assert.strictEqual(done.status, 0, done.err)
      assert.include(done.err, "Signed in at https://stint.test as vera (viewer), until 2100-01-01T00:00:00.000Z.")
      assert.strictEqual((await stat(path)).mode & 0o777, 0o600)
      assert.strictEqual((await stat(join(config, "stint"))).mode & 0o777, 0o700)
      const places: Array<string> = []
      const fetch = ((input: URL, init: RequestInit) => {
        places.push(`${new URL(input).host} ${new Headers(init.headers).get("authorization")}`)
        return Promise.resolve(Response.json({ items: [], next_cursor: null }))
      }) as unknown as typeof globalThis.fetch
      assert.strictEqual((await invoke(["types", "list"], { env, fetch })).status, 0)
      const elsewhere = await invoke(["types", "list", "--url", "https://other.test"], { env, fetch })
      assert.strictEqual(elsewhere.status, 2)
      assert.include(elsewhere.err, "No token for https://other.test: say stint login --url https://other.test")
      assert.deepStrictEqual(places, [`stint.test Bearer ${token}`])
      assert.strictEqual((await invoke(["logout"], { env })).status, 0)
      assert.strictEqual(await stat(path).catch(() => "none"), "none")
      const out = await invoke(["types", "list"], { env, fetch })
      assert.strictEqual(out.status, 1)
      assert.include(out.err, "There is no stack in")
      await writeFile(path, "{")
      assert.include((await invoke(["types", "list"], { env, fetch })).err, "is damaged: stint logout removes it")
    } finally {
      await rm(config, { recursive: true })
    }
  })

  it("refuses what is no address, no token, or both of two", async () => {
    for (
      const [line, words] of [
        ["login", "Say --url URL"],
        ["login --url stint.test", '"stint.test" is no address'],
        ["login --url https://stint.test --token x", "That is no token"],
        ["types list --token a.b.c --as viewer", "Say --token or --as, not both."],
        ["types list --as king", '--as "king": say one of customer, operator, viewer, service.'],
        ["types list --as customer", "Say --as customer:ID"],
      ] as const
    ) {
      const { err, status } = await invoke(line.split(" "), { env: { XDG_CONFIG_HOME: "/nowhere" } })
      assert.deepStrictEqual([status, err.includes(words)], [2, true], err)
    }
  })

  it("says that nothing answers, and that an answer is not of its kind", async () => {
    const fetch = (() => Promise.reject(new TypeError("refused"))) as unknown as typeof globalThis.fetch
    const away = await invoke(["types", "list"], { fetch })
    assert.strictEqual(away.status, 1)
    assert.include(
      away.err,
      "catalog does not answer at http://stint.test. stint doctor --url http://stint.test says more.",
    )
    const odd = await invoke(["types", "list"], { answers: { "catalog.agentTypes.list": () => ({ items: 1 }) } })
    assert.strictEqual(odd.status, 1)
    assert.include(odd.err, "catalog answers what this stint does not understand.")
  })
})

describe("audit", () => {
  it("merges the logs of the four services, the latest first", async () => {
    const answers = {
      "catalog.actionLog.list": () => body.page(body.actionLine("publish", "2026-03-03T09:00:00.000Z")),
      "hiring.actionLog.list": () => body.page(body.actionLine("activate")),
      "deliverables.actionLog.list": () => body.page(),
      "scheduler.actionLog.list": () => body.page(body.actionLine("pause", "2026-03-02T09:00:00.000Z")),
    }
    const { out } = await invoke(["audit", "list", "--json"], { answers })
    const found = JSON.parse(out).items.map((line: Record<string, string>) => [line.service, line.action])
    assert.deepStrictEqual(found, [["catalog", "publish"], ["scheduler", "pause"], ["hiring", "activate"]])
    assert.match(
      (await invoke(["audit", "list", "--only", "pause"], { answers })).out,
      /^2026-03-02T09:00:00Z +scheduler/,
    )
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
    assert.deepStrictEqual(await offered("stint", "runs", ""), ["list", "show", "cancel", "--help"])
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
