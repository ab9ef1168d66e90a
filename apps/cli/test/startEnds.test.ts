/** How a stack ends when something happens to it, to the programs above it, or to its home. */
import { readFile, rename } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, assert, describe, it } from "vitest"
import { until } from "../../../tests/support/Until.ts"
import { cleanUp, groupOf, launch, launchCommand, newFolder } from "./support/launcher.ts"
import { isGone, noneLeft, place, postgresOf } from "./support/stack.ts"

afterAll(cleanUp)

/** How many times a process has fallen asleep: the program above the launcher wakes to see who stands above itself. */
const sleepsOf = async (pid: number): Promise<number> =>
  Number(/^voluntary_ctxt_switches:\s*(\d+)$/m.exec(await readFile(`/proc/${pid}/status`, "utf8"))![1])

describe("stint start", () => {
  it("leaves no service behind when it is killed; the next one adopts Postgres", async () => {
    const { env, home } = await place()
    const first = launch(["start", "--no-sample"], env)
    await first.line(/^ready/)
    const postgres = await postgresOf(home)
    const launcher = (await groupOf(first.pid)).find(({ command }) => command.includes("main.mjs start"))!
    process.kill(launcher.pid, "SIGKILL")
    const second = launch(["start", "--no-sample"], env)
    await second.line(/^ready/)
    await noneLeft(first)
    assert.strictEqual(await postgresOf(home), postgres)

    // A service that does not end is not waited for when Ctrl-C comes twice
    const { pid: stuck } = (await groupOf(second.pid)).find(({ command }) => command.includes("services/hiring"))!
    process.kill(stuck, "SIGSTOP")
    let ended = false
    second.end.then(() => ended = true)
    second.signal("SIGINT")
    await second.line(/^Ending/)
    // Signals that come together are one: a person asks again
    await until("it ends because it was asked again", () => {
      if (!ended) second.signal("SIGINT")
      return ended
    })
    assert.strictEqual((await second.end).status, 130)
    await noneLeft(second)
    assert.isTrue(await isGone(home, postgres))
  })

  it("of two at once on the same ports believes its own services alone; ends in order when the program above it is killed", async () => {
    const [one, other] = [await place(), await newFolder()]
    const homes = [one.home, other]
    const launchIn = (STINT_HOME: string) => launch(["start", "--no-sample"], { ...one.env, STINT_HOME })
    const both = homes.map(launchIn)
    const outcomes = await Promise.all(
      both.map((stack) =>
        Promise.race([
          stack.line(/^ready/),
          stack.end.then(({ status, text }) => {
            assert.strictEqual(status, 1)
            assert.match(text, /^stint: Port \d+, which \w+ needs, (is in use|was taken)[^\n]+\.$/m)
            return "ended"
          }),
        ])
      ),
    )
    const winners = [0, 1].filter((nth) => outcomes[nth] !== "ended")
    assert.isAtMost(winners.length, 1)
    for (const stack of both) assert.notMatch(stack.lines().join("\n"), /starting it again/)

    // Each may have taken a port that the other needed
    const winner = winners[0] ?? 0
    const stack = winners.length === 0 ? launchIn(homes[winner]!) : both[winner]!
    await stack.line(/^ready/)
    const postgres = await postgresOf(homes[winner]!)
    process.kill(stack.pid, "SIGKILL")
    await noneLeft(stack)
    assert.isTrue(await isGone(homes[winner]!, postgres))
  })

  it("ends with a sentence when its home is removed under it", async () => {
    const { env, home } = await place()
    const stack = launch(["start", "--no-sample"], env)
    await stack.line(/^ready/)
    const postgres = await postgresOf(home)
    // Moved, not deleted file by file: Postgres still makes new ones
    await rename(home, join(await newFolder(), "away"))
    process.kill(postgres, "SIGKILL")
    const { status, text } = await stack.end
    assert.strictEqual(status, 1)
    assert.match(stack.own().at(-1)!, /^stint: The data folder \S+ is gone, .+\.$/)
    assert.notInclude(text, "Uncaught")
    await noneLeft(stack)
  })

  it("stays when only the shell ends that npm was started from", async () => {
    const { env } = await place()
    // As npm does for a script that says `exec`: a program that is no shell is the parent
    const npm = `require("node:child_process").spawn("node", ["apps/cli/bin/stint.js", "start", "--no-sample"],` +
      ` { stdio: "inherit" }).on("exit", (code) => process.exit(code))`
    const stack = launchCommand(["sh", "-c", `node -e '${npm}' & wait`], { ...env, npm_lifecycle_event: "start" })
    await stack.line(/^ready/)
    const shim = (await groupOf(stack.pid)).find(({ command }) => command.startsWith("node apps/cli/bin/stint.js"))!
    const before = await sleepsOf(shim.pid)
    process.kill(stack.pid, "SIGKILL")
    await until("it has looked three times who stands above it", async () => await sleepsOf(shim.pid) >= before + 3)
    assert.lengthOf((await groupOf(stack.pid)).filter(({ command }) => command.includes("services/")), 4)
    const above = (await groupOf(stack.pid)).find(({ command }) => command.startsWith("node -e"))!
    process.kill(above.pid, "SIGKILL")
    await noneLeft(stack)
  })
})
