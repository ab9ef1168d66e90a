/** What asks first, and what waits: `--yes`, `--wait`, `--follow`. */
import { assert, describe, it } from "vitest"
import * as body from "./support/bodies.ts"
import { Refusal } from "./support/fakeServices.ts"
import { invoke } from "./support/invoke.ts"

const runsOf = (...runs: ReadonlyArray<object>) => ({ "scheduler.runs.list": () => body.page(...runs) })

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
  const dead = { ...body.run, status: "dead_lettered", reason: "dead-lettered: maker_refused" }
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

  it("waits where a rate refuses, and calls again; not for ever", async () => {
    const busy = new Refusal(429, "rate_limited", "Too many requests")
    const once = await invoke(["runs", "show", "SCH-1"], { answers: { "scheduler.runs.get": inTurn(busy, body.run) } })
    assert.deepStrictEqual([once.status, once.calls.length], [0, 2])
    const always = await invoke(["runs", "show", "SCH-1"], { answers: { "scheduler.runs.get": () => busy } })
    assert.deepStrictEqual([always.status, always.calls.length], [1, 5])
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
    const text = await invoke(["runs", "list", "--follow"], { answers: runsOf(body.run), until: (out) => out !== "" })
    assert.match(text.out, /^SCH-1 {2}completed {6}2026-03-01T09:00:00Z/)
  })
})
