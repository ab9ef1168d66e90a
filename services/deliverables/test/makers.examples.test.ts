/** The makers of docs/examples, as processes: each makes a draft, the same for a repeated key, and refuses what is not signed. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { fileURLToPath } from "node:url"
import { ask, definitionOf, draftsOf, ended, goalAt, slot } from "./support/FakeMaker.ts"
import { onStage, until } from "./support/Harness.ts"

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
const example = (name: string) => fileURLToPath(new URL(`../../../docs/examples/${name}`, import.meta.url))

const runs = async (program: string): Promise<boolean> =>
  await new Deno.Command(program, { args: ["--version"], stdout: "null", stderr: "null" }).output().then(
    ({ success }) => success,
    () => false,
  )

/** Starts an example on a free port, and waits until it answers. */
const start = async (program: string, ...args: ReadonlyArray<string>) => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 })
  const { port } = listener.addr as Deno.NetAddr
  listener.close()
  const child = new Deno.Command(program, {
    args: [...args, String(port)],
    env: { MAKER_SECRET: secret },
    stdout: "null",
    stderr: "inherit",
  }).spawn()
  await until(async () => {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port }).catch(() => undefined)
    connection?.close()
    return connection !== undefined
  })
  return {
    host: `127.0.0.1:${port}`,
    end: async () => {
      child.kill("SIGKILL")
      await child.status
    },
  }
}

const hasPython = await runs("python3")

onStage("an example", (stage) => {
  const examples = [
    { name: "maker.ts", program: Deno.execPath(), args: ["run", "-A", "--quiet"], there: true, version: "1.0.0" },
    { name: "maker.py", program: "python3", args: [], there: hasPython, version: "2.0.0" },
  ]
  for (const { args, name, program, there, version } of examples) {
    describe.skipIf(!there)(name, () => {
      let maker: Awaited<ReturnType<typeof start>>
      beforeAll(async () => {
        maker = await start(program, ...args, example(name))
        const definition = definitionOf(maker.host, {}, { version })
        const [template] = definition.goal_templates
        const fields = [{ key: "summary", label: "Summary", type: "text", required: true }]
        stage().world.publish({ ...definition, goal_templates: [{ ...template, output: { fields } }] })
      })
      afterAll(() => maker.end())

      it("makes a draft of what it is asked for", async () => {
        const goal = goalAt(stage(), name, version)
        await ask(stage(), goal)
        await ended(stage(), goal)
        const [draft] = await draftsOf(stage(), goal)
        assert.strictEqual(draft!.title, "This week")
        assert.deepInclude(draft!.payload, { fields: { summary: "A warm summary, with 0 notes in mind" } })
      })

      it("refuses what is not signed", async () => {
        const answer = await fetch(`http://${maker.host}/make`, {
          method: "POST",
          headers: { "idempotency-key": `GOI-x:${slot}`, "webhook-id": "x", "webhook-timestamp": "1" },
          body: "{}",
        })
        assert.strictEqual(answer.status, 401)
        await answer.body?.cancel()
      })
    })
  }
}, { env: { STINT_MAKER_HOSTS: "127.0.0.1" } })
