/** From a manifest to permissions: what a variable names can be reached, and nothing else. */
import { manifest as scheduler } from "@stint/scheduler/Env"
import { manifest as deliverables } from "@stint/deliverables/Env"
import { assert, describe, it } from "vitest"
import { launchOf } from "../src/Stack/Launch.ts"
import { settingsOf } from "../src/Stack/Settings.ts"

const given = { databaseHost: "127.0.0.1:5432", jwksFile: undefined, revokedFile: undefined, tokenFile: "/tokens/own" }
const flagsOf = (args: ReadonlyArray<string>) =>
  Object.fromEntries(args.filter((arg) => arg.includes("=")).map((arg) => arg.split("=", 2)))

describe("a service's permissions", () => {
  it("the host of the alerts' webhook, and the file of secrets", () => {
    const env = {
      STINT_HOME: "/home",
      STINT_ALERT_WEBHOOK: "https://hooks.example.org/a,b?c",
      STINT_SECRETS: "/secrets",
    }
    const flags = flagsOf(launchOf(settingsOf(env), "scheduler", scheduler, given).args)
    assert.strictEqual(
      flags["--allow-net"],
      "127.0.0.1:4104,127.0.0.1:5432,127.0.0.1:4102,127.0.0.1:4103,hooks.example.org:443",
    )
    assert.strictEqual(flags["--allow-read"], "/tokens/own,/secrets")
    assert.notProperty(flags, "--allow-write")
  })

  it("the hosts of a list", () => {
    const env = { STINT_HOME: "/home", STINT_WEBHOOK_HOSTS: "a.example.org, b.example.org:8443" }
    const flags = flagsOf(launchOf(settingsOf(env), "deliverables", deliverables, given).args)
    assert.match(flags["--allow-net"]!, /,a\.example\.org,b\.example\.org:8443$/)
  })

  it("nothing of the kind when they are not set", () => {
    const flags = flagsOf(launchOf(settingsOf({ STINT_HOME: "/home" }), "scheduler", scheduler, given).args)
    assert.strictEqual(flags["--allow-net"], "127.0.0.1:4104,127.0.0.1:5432,127.0.0.1:4102,127.0.0.1:4103")
    assert.strictEqual(flags["--allow-read"], "/tokens/own")
  })
})
