/** `stint mcp` as its users have it: started by a real MCP client, before a front door and services that play their part. */
import { Client } from "@modelcontextprotocol/client"
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { type Front, startFront, startUpstream, token } from "./support/Front.ts"

const root = fileURLToPath(new URL("../../../", import.meta.url))

describe.each(["legacy", "auto"] as const)("stint mcp, for a client that begins with %s", (mode) => {
  let front: Front
  let door: Deno.HttpServer<Deno.NetAddr>
  const heard: Array<string> = []
  const upstream = startUpstream((request) => {
    heard.push(`${request.method} ${new URL(request.url).pathname}`)
    return request.method === "GET"
      ? Response.json({ items: [{ deliverable_id: "DEL-1", title: "naïve – “quoted”\u2028line" }], next_cursor: null })
      : Response.json({ code: "duty_missing", title: "The token's duties do not allow this" }, { status: 403 })
  })
  beforeAll(async () => {
    front = await startFront({ upstream: upstream.url })
    door = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, front.fetch)
  })
  afterAll(async () => {
    await front.stop()
    await door.shutdown()
    await upstream.stop()
  })

  it("lists, reads and proposes", async () => {
    const client = new Client({ name: "a test", version: "1.0.0" }, { versionNegotiation: { mode } })
    await client.connect(
      new StdioClientTransport({
        command: "node",
        args: ["apps/cli/bin/stint.js", "mcp"],
        cwd: root,
        env: {
          PATH: process.env.PATH!,
          STINT_URL: `http://127.0.0.1:${door.addr.port}`,
          STINT_TOKEN: await token("customer", "acme"),
        },
        stderr: "inherit",
      }),
    )
    try {
      const { tools } = await client.listTools()
      assert.include(tools.map(({ name }) => name), "explain")
      const read = await client.callTool({ name: "inbox_list", arguments: {} })
      assert.deepStrictEqual(read.structuredContent, {
        items: [{ deliverable_id: "DEL-1", title: "naïve – “quoted”\u2028line" }],
        next_cursor: null,
      })
      const refused = await client.callTool({
        name: "propose_goal",
        arguments: { hired_instance_id: "HAI-1", goal_template_id: "t", frequency: "daily", settings: {} },
      })
      assert.isTrue(refused.isError)
      assert.include(JSON.stringify(refused.content), "403 duty_missing")
      assert.deepStrictEqual(heard.splice(0), ["GET /api/v1/deliverables", "PUT /api/v1/hired-agents/HAI-1/goals"])
    } finally {
      await client.close()
    }
  })
})
