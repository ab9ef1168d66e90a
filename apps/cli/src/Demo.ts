import { DemoError, sentenceOf } from "./Demo/DemoError.ts"
import { makeNarrator, type Narrator } from "./Demo/Narrator.ts"
import { until } from "./Demo/Play.ts"
import { type Checks, makeChecks } from "./Demo/Promises.ts"
import { openReceiver, type Receiver } from "./Demo/Receiver.ts"
import type { Totals } from "./Demo/scenes/Audit.ts"
import { openStage, type Stage } from "./Demo/Stage.ts"
import { standardTerminal, type Terminal } from "./Demo/Terminal.ts"
import { openDevKey } from "./DevKey.ts"

/** How much of that is kept for the end, in milliseconds. */
const ENDING_MS = 11_000

/** Signals that come together are one. */
const TOGETHER_MS = 500

/** How the demo is played. */
export interface DemoOptions {
  /** For a machine: nothing but one JSON document at the end. */
  readonly json: boolean
  /** How long it may take in all, in seconds: more than ENDING_MS. */
  readonly within: number
  /** How many times as long as usual that is; less than once where it is shorter. */
  readonly patience: number
  readonly env: Readonly<Record<string, string | undefined>>
}

/** A person does not want to see more. */
class Interrupted extends DemoError {}

/** Ends the story on a signal or after so many milliseconds; `hurry` is fulfilled by a second signal. */
const endings = (playing: number) => {
  const controller = new AbortController()
  const hurry = Promise.withResolvers<void>()
  let first: number | undefined
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    Deno.addSignalListener(signal, () => {
      first ??= Date.now()
      controller.abort(new Interrupted("Interrupted: ending what was started."))
      if (Date.now() - first > TOGETHER_MS) hurry.resolve()
    })
  }
  const late = new DemoError(
    `The demo is not through after ${playing / 1000} s and is broken off: on a slow machine, give it --within 5m.`,
  )
  const timer = setTimeout(() => controller.abort(late), playing)
  return { controller, hurry: hurry.promise, done: () => clearTimeout(timer) }
}

const title = "Stint: two hired agents, from a goal that falls due to work that is signed off"
const about =
  "All of it is real: four services as processes, a Postgres, HTTP with tokens, a webhook. It takes about a " +
  "minute, since a cron goal has to come due."

/** Plays on an open stage. */
const play = async (
  { checks, patience, receiver, show, signal, stage }: {
    readonly checks: Checks
    readonly patience: number
    readonly receiver: Receiver
    readonly show: Narrator
    readonly signal: AbortSignal
    readonly stage: Stage
  },
): Promise<Totals | undefined> => {
  receiver.expect(stage.secret.value)
  const last = stage.portBase + Object.keys(stage.urls).length
  await show.says("demo", `an empty home, ports ${stage.portBase + 1} to ${last}, a server of the customer's own`)
  // The contracts are loaded while the services start
  const [{ person }, { tell }, ready] = await Promise.all([
    import("./Demo/People.ts"),
    import("./Demo/Story.ts"),
    stage.line(/^ready/).then(() => show.elapsed()),
  ])
  await show.says("launcher", `${Object.keys(stage.urls).join(", ")} are ready`)
  const statuses = await Promise.all(
    Object.entries(stage.urls).map(([name, url]) =>
      until({ patience, show }, `That ${name} is ready`, 10, async () => {
        const { body, ok, status } = await fetch(`${url}/readyz`)
        await body?.cancel()
        return ok ? status : undefined
      })
    ),
  )
  const processes = await Promise.all(
    (Object.keys(stage.urls) as ReadonlyArray<keyof Stage["urls"]>).map((service) => stage.processOf(service)),
  )
  await checks.equal("stack_ready", { ready: [200, 200, 200, 200], processes: 4 }, {
    ready: statuses,
    processes: new Set(processes).size,
  })
  await show.says(
    "launcher",
    `as processes ${processes.join(", ")}; from nothing to ready in ${(ready / 1000).toFixed(1)} s`,
  )

  const key = await openDevKey(stage.home, {})
  const cast = async (who: string, role: "customer" | "operator", subject: string) =>
    person({ who, subject, token: await key.sign({ role, subject, ttl: 600 }), urls: stage.urls, signal })
  const asha = await cast("Asha, customer", "customer", "asha")
  const olga = await cast("Olga, operator", "operator", "olga")
  return await tell({ asha, checks, olga, patience, receiver, show, stage }, signal)
}

/** Says at the end what was verified; the exit status. */
const conclude = (
  { checks, error, json, show, terminal, totals }: {
    readonly checks: Checks
    readonly error: unknown
    readonly json: boolean
    readonly show: Narrator
    readonly terminal: Terminal
    readonly totals: Totals | undefined
  },
): number => {
  const all = checks.all()
  const held = all.filter((check) => check.held).length
  const ok = held === all.length && error === undefined
  const seconds = show.elapsed() / 1000
  if (json) {
    const failure = error === undefined ? {} : { error: sentenceOf(error) }
    terminal.plain(JSON.stringify({ ok, seconds, ...failure, checks: all, totals: totals ?? null, steps: show.steps }))
  } else if (!(error instanceof Interrupted)) {
    terminal.plain("\nVerified")
    for (const { detail, expected, got, held } of all) {
      terminal.verdict(held, detail, got === undefined ? undefined : `expected ${expected}; got ${got}`)
    }
    const counted = totals === undefined
      ? ""
      : `${totals.runs} runs, ${totals.drafts} drafts, ${totals.executed} executed; `
    terminal.plain(`\n${counted}${held} of ${all.length} promises held, in ${seconds.toFixed(1)} s.`)
  }
  return error instanceof Interrupted ? 130 : ok ? 0 : 1
}

/**
 * Plays the demo on a stack of its own and ends whatever it started, also when it fails or is interrupted. The exit status:
 * 0 when everything held, 1 when something did not, 130 when it was interrupted.
 */
export const playDemo = async ({ env, json, patience, within }: DemoOptions): Promise<number> => {
  const terminal = standardTerminal(env)
  const { controller, done, hurry } = endings(within * 1_000 - ENDING_MS)
  const { signal } = controller
  const show = makeNarrator(json ? undefined : terminal, signal)
  const checks = makeChecks(show)
  if (!json) terminal.title(title, about)
  show.scene("start", "A stack from nothing")

  const over = new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)))
  over.catch(() => {})
  const receiver = openReceiver()
  let stage: Stage | undefined
  let totals: Totals | undefined
  let error: unknown
  try {
    stage = await openStage(env, receiver.host)
    stage.lost.catch((reason) => controller.abort(reason))
    totals = await Promise.race([
      play({ checks, patience: Math.max(1, patience), receiver, show, signal, stage }),
      over,
    ])
  } catch (thrown) {
    error = thrown
  }
  done()

  const isInterrupted = error instanceof Interrupted
  if (error !== undefined && !json) {
    terminal.plain(`\n${sentenceOf(error)}`)
    if (!isInterrupted) { for (const line of stage?.lastLines() ?? []) terminal.plain(`  | ${line}`) }
  }
  if (!isInterrupted) show.scene("end", "The end")
  const left = await stage?.end(within * 1_000 - show.elapsed(), hurry) ?? []
  await receiver.close()
  await checks.equal("all_ended", [], left)
  if (!isInterrupted && left.length === 0) await show.says("demo", "all has ended; the home is removed")
  const status = conclude({ checks, error, json, show, terminal, totals })
  await terminal.flush()
  return status
}
