/** A customer's day and an operator's, on a stack as `stint start` makes it, by the command line alone. */
import { decodeJwt } from "jose"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { until } from "../../../tests/support/Until.ts"
import { invoke } from "./support/invoke.ts"
import { cleanUp, launch, type Launcher } from "./support/launcher.ts"
import { place } from "./support/stack.ts"

let stack: Launcher
let env: Record<string, string>
beforeAll(async () => {
  ;({ env } = await place())
  env.XDG_CONFIG_HOME = env.STINT_HOME!
  stack = launch(["start"], env)
  await stack.line(/^ready/)
})
afterAll(cleanUp)

/**
 * Calls `stint` in this process; the answer's JSON when it ended with `status`. Again while a service that is needed takes longer, as
 * on a busy machine, than another waits for it: nothing is done then.
 */
const call = async (line: string, status = 0) => {
  const said = await until(`stint ${line} is answered`, async () => {
    const one = await invoke([...line.split(" "), "--json"], { env, fetch: globalThis.fetch })
    return !one.err.includes('"unavailable"') && one
  })
  assert.strictEqual(said.status, status, `${line}: ${said.err}`)
  return said.out === "" ? undefined : JSON.parse(said.out)
}

const customer = "--as customer:sample-customer"
const asha = "--as operator:ops.asha"

/** The hire of the sample that has such a nickname, once it is there. */
const hireOf = (nickname: string) =>
  until(`the sample's ${nickname}`, async () => {
    const { items } = await call(`hires list ${customer}`)
    const found = items.find((hire: Record<string, Record<string, string>>) => hire.config!.nickname === nickname)
    return found?.finalized_at === null || found === undefined ? undefined : found.hired_instance_id as string
  })

describe("a day with the command line", () => {
  it("of a customer: hires, goals, a run, a draft that is signed and executed, another that is rejected", async () => {
    const hire = await hireOf("Asha from marketing")
    const goal = await until("its goals are there", async () => {
      const { items } = await call(`goals list ${hire} ${customer}`)
      return items.find((goal: Record<string, string>) => goal.frequency === "weekly")?.goal_instance_id as
        | string
        | undefined
    })
    const at = `${goal} --hire ${hire} ${customer}`
    assert.strictEqual((await call(`goals off ${at}`)).enabled, false)
    assert.strictEqual(await call(`goals run ${at}`, 4), undefined)
    assert.strictEqual((await call(`goals on ${at}`)).enabled, true)
    const run = await call(`goals run ${at} --wait --timeout 2m`)
    assert.strictEqual(run.status, "completed")
    assert.match((await call(`goals preview ${goal} --count 3 ${customer}`)).rule_in_words, /every Monday at 10:00/)
    const draft = await call(`inbox show ${run.deliverable_id} ${customer}`)
    const named = `${draft.deliverable_id}@${draft.content_sha256.slice(0, 12)}`
    assert.strictEqual(await call(`inbox execute ${named} --yes ${customer}`, 4), undefined)
    // a person who may only read signs nothing; one who has every duty does, in its own name
    const { token } = await call("token --role customer --subject rita --customer sample-customer --duties reader")
    const { customer_id, duties, sub } = decodeJwt(token)
    assert.deepStrictEqual([sub, customer_id, duties], ["rita", "sample-customer", ["reader"]])
    assert.strictEqual(await call(`inbox approve ${named} --token ${token}`, 5), undefined)
    const { items: [decided] } = await call(`inbox approve ${named} --as customer:sample-customer/ann`)
    assert.strictEqual(decided.deliverable.review_status, "approved")
    const shown = await invoke(`inbox show ${draft.deliverable_id} ${customer}`.split(" "), {
      env,
      fetch: globalThis.fetch,
    })
    assert.match(shown.out, /^APR-\S+ +approved +1 +ann /m)
    const executed = await call(`inbox execute ${named} --yes --wait ${customer}`)
    assert.deepStrictEqual([executed.execution_status, executed.execution.state], ["executed", "delivered"])
    assert.strictEqual((await call(`inbox approve ${named} ${customer}`, 4)).items[0].problem.code, "already_reviewed")
    const other = await call(`goals run ${at} --wait --timeout 2m`)
    const { items: [rejected] } = await call(`inbox reject ${other.deliverable_id} --yes --notes again ${customer}`)
    assert.deepStrictEqual([rejected.deliverable.review_status, rejected.deliverable.review_notes], [
      "rejected",
      "again",
    ])
    assert.isNumber((await call(`inbox counts ${customer}`)).pending_review)
    assert.strictEqual(await call(`inbox show ${draft.deliverable_id} --as customer:another`, 3), undefined)
    assert.strictEqual(await call(`scheduler status ${customer}`, 5), undefined)
  })

  it("of an operator: pause, trigger, cancel, backfill, limits, subscriptions, the audit", async () => {
    const hire = await hireOf("Asha from marketing")
    const { items: [goal] } = await call(`goals list ${hire} ${asha}`)
    const id = goal.goal_instance_id
    const paused = await call(`scheduler pause --reason maintenance --wait --timeout 2m ${asha}`)
    assert.deepStrictEqual([paused.status, paused.running_goals_after_wait], ["paused", 0])
    assert.strictEqual((await call(`scheduler status ${asha}`)).paused_by, "ops.asha")
    assert.strictEqual(await call(`scheduler trigger ${id} ${asha}`, 4), undefined)
    assert.strictEqual((await call(`scheduler resume ${asha}`)).status, "running")
    const run = await call(`scheduler trigger ${id} --reason a-look --wait --timeout 2m ${asha}`)
    assert.strictEqual(run.status, "completed")
    assert.strictEqual((await call(`runs show ${run.scheduled_run_id} ${asha}`)).attempts.length, 1)
    assert.include((await call(`explain --goal ${id} --at ${run.scheduled_time} ${asha}`)).verdict, "ran")
    const later = await call(`scheduler trigger ${id} --at ${new Date(Date.now() + 3_600_000).toISOString()} ${asha}`)
    const cancelled = await call(`runs cancel ${later.scheduled_run_id} --reason not-needed --yes ${asha}`)
    assert.strictEqual(cancelled.status, "cancelled")
    assert.strictEqual(
      await call(`runs cancel ${later.scheduled_run_id} --reason not-needed --yes ${asha}`, 4),
      undefined,
    )
    const from = new Date(Date.now() - 21 * 86_400_000).toISOString()
    const slots = `${id} --from ${from} --to ${new Date(Date.now() - 60_000).toISOString()}`
    const dry = await call(`scheduler backfill ${slots} --dry-run ${asha}`)
    assert.deepStrictEqual([dry.dry_run, dry.queued], [true, 0])
    const customers = await call(`customers list ${asha}`)
    assert.isArray(customers.items)
    assert.strictEqual((await call(`scheduler limits --every customer --max 9 --reason fair ${asha}`)).max_running, 9)
    assert.strictEqual((await call(`scheduler limits ${asha}`)).items[0].max_running, 9)
    assert.isNull((await call(`scheduler limits --every customer --max none --reason fair ${asha}`)).max_running)
    const { items: [sub] } = await call(`subs list --customer sample-customer ${asha}`)
    assert.strictEqual((await call(`subs past-due ${sub.subscription_id} ${asha}`)).status, "past_due")
    assert.strictEqual((await call(`subs activate ${sub.subscription_id} ${asha}`)).status, "active")
    assert.isArray((await call(`dlq list ${asha}`)).items)
    assert.strictEqual(await call(`dlq retry DLQ-none ${asha}`, 3), undefined)
    assert.include(["healthy", "degraded"], (await call(`scheduler health ${asha}`)).status)
    const { items } = await call(`audit list --operator ops.asha --limit 200 ${asha}`)
    const did = items.map((line: Record<string, string>) => `${line.service} ${line.action}`)
    assert.includeMembers(did, [
      "scheduler pause",
      "scheduler resume",
      "scheduler trigger",
      "scheduler run_cancel",
      "scheduler limit",
      "hiring past_due",
      "hiring activate",
    ])
  })

  it("as a process: doctor finds all well, and a table is for other programs as well", async () => {
    let text = ""
    // a check that takes two seconds, as it may on a busy machine, has not held
    await until("doctor finds all well", async () => {
      const end = await launch(["doctor"], env).end
      text = end.text
      return end.status === 0
    }, () => text)
    for (
      const name of [
        "node",
        "keys",
        "front door port",
        "scheduler port",
        "hiring database",
        "front door",
        "catalog",
        "console",
        "clock",
      ]
    ) {
      assert.match(text, new RegExp(`^(ok|warning) +${name} `, "m"))
    }
    const types = await launch(["types", "list"], env).end
    assert.deepStrictEqual([types.status, types.text.split("\n").map((line) => line.split(/ +/)[0])], [
      0,
      ["marketing.healthcare.v1", "reviews.reply_writer.v1", "trading.delta_futures.v1", ""],
    ])
  })
})

describe("stint doctor", () => {
  it("names what is wrong and its mend, without a stack", async () => {
    const { env } = await place()
    const said = await invoke(["doctor", "--json"], {
      env: { ...env, XDG_CONFIG_HOME: env.STINT_HOME!, CATALOG_DATABASE_URL: "postgres://x:y@127.0.0.1:1/x" },
      fetch: globalThis.fetch,
    })
    const { checks } = JSON.parse(said.out)
    const of = (name: string) => checks.find((check: Record<string, string>) => check.name === name)
    const skipped = ["keys", "front door port", "catalog port", "databases"]
    assert.deepStrictEqual([said.status, ...skipped.map((name) => of(name).state)], [
      0,
      ...skipped.map(() => "skipped"),
    ])
    const listeners = [0, 1].map((n) => Deno.listen({ hostname: "127.0.0.1", port: Number(env.STINT_PORT_BASE) + n }))
    try {
      const taken = await invoke(["doctor"], {
        env: { ...env, XDG_CONFIG_HOME: env.STINT_HOME! },
        fetch: (() => Promise.reject(new TypeError("no answer"))) as unknown as typeof globalThis.fetch,
      })
      assert.strictEqual(taken.status, 1)
      for (const name of ["front door", "catalog"]) {
        assert.match(
          taken.out,
          new RegExp(
            `FAILED +${name} port +\\d+ is another program's\n +mend: stop what listens there, or set STINT_PORT_BASE`,
          ),
        )
      }
      assert.include(taken.err, "2 checks failed.")
    } finally {
      for (const listener of listeners) listener.close()
    }
  })

  it("asks another machine's services with the token, and compares the clocks", async () => {
    const at = (skew: number, status = 200, page = "<h1>Stint</h1>") =>
      ((_url: string, { headers }: { headers: Record<string, string> }) =>
        Promise.resolve(
          headers.accept === "text/html"
            ? new Response(page, { headers: { "content-type": "text/html" } })
            : new Response("{}", { status, headers: { date: new Date(Date.now() + skew).toUTCString() } }),
        )) as unknown as typeof globalThis.fetch
    const env = { STINT_URL: "https://stint.test", STINT_TOKEN: "a.b.c", XDG_CONFIG_HOME: "/nowhere" }
    const well = await invoke(["doctor"], { env, fetch: at(0) })
    assert.deepStrictEqual([well.status, well.out.split("\n").length], [0, 7], well.out)
    const off = await invoke(["doctor"], { env, fetch: at(3_600_000) })
    assert.strictEqual(off.status, 1)
    assert.match(
      off.out,
      /FAILED +clock +the clock of catalog is 3\d{3}\.\d s ahead of this machine's\n +mend: set both/,
    )
    const bare = await invoke(["doctor"], { env, fetch: at(0, 200, "<h1>The console is not built</h1>") })
    assert.strictEqual(bare.status, 0)
    assert.match(
      bare.out,
      /warning +console +https:\/\/stint\.test has no console: it is not built\n +mend: run npm ci/,
    )
    const refused = await invoke(["doctor"], { env, fetch: at(0, 401) })
    assert.strictEqual(refused.status, 1)
    assert.match(refused.out, /FAILED +hiring +it refuses the token\n +mend: stint login/)
  })
})
