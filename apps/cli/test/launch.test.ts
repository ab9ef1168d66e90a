/** From a manifest to permissions: what a variable names can be reached, and nothing else. */
import { manifest as scheduler } from "@stint/scheduler/Env"
import { manifest as catalog } from "@stint/catalog/Env"
import { manifest as deliverables } from "@stint/deliverables/Env"
import { manifest as hiring } from "@stint/hiring/Env"
import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, assert, describe, it } from "vitest"
import { bundledFlags } from "../bin/bundledFlags.js"
import { launchOf } from "../src/Stack/Launch.ts"
import { settingsOf } from "../src/Stack/Settings.ts"
import { cleanUp, newFolder } from "./support/launcher.ts"

afterAll(cleanUp)

const given = { databaseHost: "127.0.0.1:5432", jwksFile: undefined, revokedFile: undefined, tokenFile: "/tokens/own" }
const flagsOf = (args: ReadonlyArray<string>) =>
  Object.fromEntries(args.filter((arg) => arg.includes("=")).map((arg) => arg.split("=", 2)))

describe("a service's program", () => {
  it("is the bundled one while that is there, else its sources; its permissions are the same", async () => {
    const programs = await newFolder()
    const env = { STINT_HOME: "/home", STINT_PROGRAMS: programs }
    const argsOf = () => launchOf(settingsOf(env), "scheduler", scheduler, given).args
    const sources = argsOf()
    assert.strictEqual(sources.at(-1), "services/scheduler/src/main.ts")
    const bundled = join(programs, "services/scheduler/src/main.mjs")
    await mkdir(join(bundled, ".."), { recursive: true })
    await writeFile(bundled, "")
    assert.strictEqual(argsOf().at(-1), bundled)
    assert.deepStrictEqual(argsOf().slice(0, -1).filter((arg) => !bundledFlags.includes(arg)), sources.slice(0, -1))
  })
})

describe("a service's permissions", () => {
  it("the host of the alerts' webhook, and no file of secrets", () => {
    const env = {
      STINT_HOME: "/home",
      STINT_ALERT_WEBHOOK: " https://hooks.example.org/a,b?c",
      STINT_SECRETS: "/secrets",
    }
    const flags = flagsOf(launchOf(settingsOf(env), "scheduler", scheduler, given).args)
    assert.strictEqual(
      flags["--allow-net"],
      "127.0.0.1:4104,127.0.0.1:5432,127.0.0.1:4102,127.0.0.1:4103,hooks.example.org:443",
    )
    assert.strictEqual(flags["--allow-read"], "/tokens/own")
    assert.notProperty(flags, "--allow-write")
  })

  it("the hosts of a list", () => {
    const hosts = "A.example.org, b.example.org:8443, acme=[::1]:9000"
    const env = { STINT_HOME: "/home", STINT_WEBHOOK_HOSTS: hosts, STINT_SECRETS: "/secrets" }
    const flags = flagsOf(launchOf(settingsOf(env), "deliverables", deliverables, given).args)
    assert.match(flags["--allow-net"]!, /,a\.example\.org,b\.example\.org:8443,\[::1\]:9000$/)
    assert.match(flags["--allow-read"]!, /^\/tokens\/own,\/secrets,/)
    // hiring says which secrets a customer may name, and calls no webhook
    const ofHiring = flagsOf(launchOf(settingsOf(env), "hiring", hiring, given).args)
    assert.notMatch(ofHiring["--allow-net"]!, /example/)
    assert.strictEqual(ofHiring["--allow-read"], "/tokens/own,/secrets")
  })

  it("the hosts of the models in a file, which it may read; one that can't be read is the service's own to refuse", async () => {
    const file = join(await newFolder(), "models.json")
    await writeFile(
      file,
      JSON.stringify({ a: { base_url: "https://A.example/v1" }, b: { base_url: "http://[::1]:11434/v1" } }),
    )
    const flags = flagsOf(
      launchOf(settingsOf({ STINT_HOME: "/home", STINT_MODELS: file }), "deliverables", deliverables, given).args,
    )
    assert.match(flags["--allow-net"]!, /,a\.example:443,\[::1\]:11434$/)
    assert.include(flags["--allow-read"]!.split(","), file)
    const placedAt = (path: string) => path.replace("/container", join(file, ".."))
    const inside = { STINT_HOME: "/home", STINT_MODELS: "/container/models.json" }
    const container = flagsOf(launchOf(settingsOf(inside), "deliverables", deliverables, { ...given, placedAt }).args)
    assert.strictEqual(container["--allow-net"], flags["--allow-net"])
    assert.include(container["--allow-read"]!.split(","), "/container/models.json")
    await writeFile(file, "{")
    const env = { STINT_HOME: "/home", STINT_MODELS: file }
    assert.notMatch(
      flagsOf(launchOf(settingsOf(env), "deliverables", deliverables, given).args)["--allow-net"]!,
      /example/,
    )
    // the catalog reads which models there are, and calls none
    const ofCatalog = flagsOf(launchOf(settingsOf(env), "catalog", catalog, given).args)
    assert.strictEqual(ofCatalog["--allow-read"], `/tokens/own,${file}`)
  })

  it.each<[string, string]>([
    ["STINT_WEBHOOK_HOSTS", "https://hooks.example.com"],
    ["STINT_WEBHOOK_HOSTS", "*.example.com"],
    ["STINT_WEBHOOK_HOSTS", "hooks.example.com."],
    ["STINT_JWKS_URL", "hooks.example.com/keys"],
    ["STINT_SMTP_URL", "mail.example.com:587"],
    ["STINT_SMTP_URL", "smtp://me:se%cret@mail.example.com"],
    ["STINT_SLACK_HOSTS", "https://hooks.slack.com"],
    ["HIRING_URL", "hiring:4102"],
  ])("D18: %s=%s is refused in a sentence that names the setting", (name, value) => {
    const env = { STINT_HOME: "/home", [name]: value }
    assert.throws(() => launchOf(settingsOf(env), "deliverables", deliverables, given), new RegExp(`^${name} .*\\.$`))
  })

  it.each(
    [
      ["smtp://me:se%40cret@mail.example.com", "mail.example.com:587"],
      ["smtps://mail.example.com", "mail.example.com:465"],
      ["smtp://127.0.0.1:2525/", "127.0.0.1:2525"],
      ["smtp://[::1]:80", "[::1]:80"],
    ] as const,
  )("the mail server of %s, by its place alone", (url, place) => {
    const env = { STINT_HOME: "/home", STINT_SMTP_URL: url, STINT_SLACK_HOSTS: "hooks.slack.com" }
    const { args } = launchOf(settingsOf(env), "deliverables", deliverables, given)
    const reached = flagsOf(args)["--allow-net"]!.split(",")
    assert.include(reached, place)
    assert.include(reached, "hooks.slack.com")
    assert.notMatch(args.join(" "), /cret/)
    // no other service reaches it
    assert.notInclude(flagsOf(launchOf(settingsOf(env), "scheduler", scheduler, given).args)["--allow-net"]!, place)
  })

  it("nothing of the kind when they are not set", () => {
    const flags = flagsOf(launchOf(settingsOf({ STINT_HOME: "/home" }), "scheduler", scheduler, given).args)
    assert.strictEqual(flags["--allow-net"], "127.0.0.1:4104,127.0.0.1:5432,127.0.0.1:4102,127.0.0.1:4103")
    assert.strictEqual(flags["--allow-read"], "/tokens/own")
  })
})
