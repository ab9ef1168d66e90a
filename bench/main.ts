/**
 * The bench: what a run costs, beside the peers, on this machine and in one go (bench/README.md).
 *
 *   npm run bench -- [--quick] [starts] [throughput] [lateness] [http] [claim] [hostile] [idle] [engine] [schedulers] [feed] [review]
 *     [inbox] [memory]
 */
import { cpus } from "node:os"
import process from "node:process"
import { makeGoals } from "../tests/proofs/Ground.ts"
import { startStack } from "../tests/support/Stack.ts"
import { openSuperuser } from "../tests/support/Superuser.ts"
import { claimCost } from "./benches/ClaimCost.ts"
import { engine } from "./benches/Engine.ts"
import { feed } from "./benches/Feed.ts"
import { hostile } from "./benches/Hostile.ts"
import { http } from "./benches/Http.ts"
import { idle } from "./benches/Idle.ts"
import { inbox, largeInbox } from "./benches/Inbox.ts"
import { lateness } from "./benches/Lateness.ts"
import { memory } from "./benches/Memory.ts"
import { review } from "./benches/Review.ts"
import { schedulers } from "./benches/Schedulers.ts"
import { starts } from "./benches/Starts.ts"
import { throughput, warmUp } from "./benches/Throughput.ts"
import { install } from "./Install.ts"
import { ours } from "./Ours.ts"
import { startPeer } from "./Peer.ts"
import { serverOf } from "./Server.ts"

const names = [
  "starts",
  "throughput",
  "lateness",
  "http",
  "hostile",
  "claim",
  "idle",
  "engine",
  "schedulers",
  "feed",
  "review",
  "inbox",
  "memory",
] as const
const few = { due: 10_000, later: 10_000 }
const many = { due: 10_000, later: 1_000_000 }
const sizes = {
  quick: {
    runs: 2_000,
    rounds: 3,
    seconds: 30,
    requests: 1_000,
    pending: [few, many],
    pinned: 60,
    idle: { goals: 100_000, seconds: 15 },
    changes: 20_000,
    drafts: 500,
    inbox: [1_000, 100_000],
    largeInbox: 100_000,
    backlog: { runs: 100_000, seconds: 20 },
  },
  full: {
    runs: 20_000,
    rounds: 5,
    seconds: 120,
    requests: 10_000,
    pending: [few, { due: 10_000, later: 90_000 }, many, {
      due: 1_000_000,
      later: 0,
    }, { due: 10_000, later: 5_000_000 }],
    pinned: 600,
    idle: { goals: 1_000_000, seconds: 60 },
    changes: 100_000,
    drafts: 2_000,
    inbox: [1_000, 1_000_000],
    largeInbox: 1_000_000,
    backlog: { runs: 1_000_000, seconds: 120 },
  },
}

const args = process.argv.slice(2)
const unknown = args.filter((arg) => !["--quick", "--full", ...names].includes(arg))
if (unknown.length > 0) {
  console.error(
    `unknown: ${unknown.join(" ")}; npm run bench -- [--quick | --full] [${names.join("] [")}]`,
  )
  process.exit(2)
}
const form = args.includes("--quick") ? "quick" : "full"
const size = sizes[form]
const asked = names.filter((name) => args.includes(name))
const wants = (name: typeof names[number]) => asked.length === 0 || asked.includes(name)

/** What is to be undone at the end, the last first, however the end comes. */
const undo: Array<() => Promise<void>> = []
const undoAll = async () => {
  for (let last = undo.pop(); last !== undefined; last = undo.pop()) {
    await last()
  }
}
let told = false
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    if (told) return
    told = true
    console.error("\nstopping: the stack and its databases go")
    void undoAll().finally(() => process.exit(130))
  })
}

try {
  const began = performance.now()
  const figures: Record<string, unknown> = {}
  // Before another stack shares the cores
  if (wants("starts")) figures.starts = await starts()
  const { node, versions } = await install()
  const starting = startStack()
  undo.push(() => starting.then((stack) => stack.stop(), () => undefined))
  const stack = await starting
  const server = await serverOf(stack.home)
  const cores = cpus().length
  const machine = {
    cores,
    cpu: cpus()[0]?.model ?? "unknown",
    postgres: server.version,
    deno: Deno.version.deno,
  }
  console.log(
    `${form}: ${cores} cores (${machine.cpu}), Postgres ${machine.postgres}, Deno ${machine.deno}`,
  )
  console.log(
    `peers: pg-boss ${versions["pg-boss"]}, graphile-worker ${
      versions["graphile-worker"]
    }, under Node ${versions.node}`,
  )

  if (wants("throughput") || wants("lateness")) {
    const goals = Math.max(
      wants("throughput") ? size.runs : 0,
      wants("lateness") ? size.seconds * 100 : 0,
    )
    const side = await ours(stack, server, goals)
    undo.push(side.close)
    console.log(
      `${goals} goals set through the API, ${((performance.now() - began) / 1000).toFixed(0)} s so far`,
    )
    // a first run of some goals: what a draft's row looks like
    await side.makeDue(2)
    await side.idle()
    const kinds = await side.kinds()
    const peers = []
    for (
      const [name, program] of [["pg-boss", "PgBoss.ts"], [
        "graphile-worker",
        "GraphileWorker.ts",
      ]] as const
    ) {
      const peer = await startPeer(server, node, name, program, kinds)
      undo.push(peer.stop)
      peers.push(peer)
    }
    if (wants("throughput")) {
      figures.throughput = await throughput(side, peers, server, {
        ...size,
        cores,
      })
    }
    if (wants("lateness")) {
      if (!wants("throughput")) await warmUp(side)
      figures.lateness = await lateness(side, peers, size.seconds)
    }
  }
  if (wants("http")) {
    figures.http = await http(stack, server, {
      count: size.requests,
      rounds: size.rounds,
    })
  }
  if (wants("hostile")) {
    figures.hostile = await hostile(stack, form === "quick" ? 5 : 30)
  }
  if (wants("claim")) {
    figures.claim = await claimCost(server, size.pending, size.pinned)
  }
  const superuser = await openSuperuser(stack.home)
  undo.push(() => superuser.close())
  const ground = { stack, superuser }
  if (wants("idle")) {
    figures.idle = await idle(
      ground,
      server,
      size.idle.goals,
      size.idle.seconds,
    )
  }
  if (wants("engine") || wants("schedulers")) {
    const goals = await makeGoals(ground, "bench", size.runs)
    if (wants("engine")) {
      figures.engine = await engine(ground, server, goals, size.rounds)
    }
    if (wants("schedulers")) {
      figures.schedulers = await schedulers(ground, goals, size.rounds)
    }
  }
  if (wants("feed")) {
    figures.feed = await feed(ground, size.changes, size.rounds)
  }
  if (wants("review")) {
    figures.review = await review(ground, server, size.drafts, size.rounds)
  }
  if (wants("inbox")) {
    figures.inbox = await inbox(ground, size.inbox)
    figures.largeInbox = await largeInbox(ground, size.largeInbox)
  }
  // The last: most of its backlog is left behind
  if (wants("memory")) {
    figures.memory = await memory(
      ground,
      size.backlog.runs,
      size.backlog.seconds,
    )
  }
  const seconds = Math.round((performance.now() - began) / 1000)
  console.log(
    `\n${JSON.stringify({ bench: form, seconds, machine, versions, ...figures })}`,
  )
} finally {
  if (!told) await undoAll()
}
if (!told) process.exit(0)
