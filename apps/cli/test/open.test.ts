/** `stint open`, as far as it needs no stack; tests/system/gateway.test.ts opens one. */
import { join } from "node:path"
import { afterAll, assert, describe, it } from "vitest"
import { openDevKey } from "../src/DevKey.ts"
import { launchOf, manifestOf } from "../src/Stack/Launch.ts"
import { gatewayLaunch, makeSessionKey, sessionKeyFileOf } from "../src/Stack/Gateway.ts"
import { settingsOf } from "../src/Stack/Settings.ts"
import { textOf } from "../src/DevKey/Store.ts"
import { invoke } from "./support/invoke.ts"
import { cleanUp, newFolder } from "./support/launcher.ts"
import { place, refusal } from "./support/stack.ts"

afterAll(cleanUp)

describe("stint open says", () => {
  it.each([
    [["--role", "service"], /Say --role customer, operator or viewer\./],
    [["--subject", "a b"], /^stint: Say --subject NAME: /],
    [["--subject", "System"], /is the system's own name/],
    [["--all"], /Unknown option/],
  ])("what it does not take: %s", async (args, says) => {
    const { err, status } = await invoke(["open", "--print", ...args], { env: { STINT_HOME: await newFolder() } })
    assert.strictEqual(status, 2)
    assert.match(err, says)
  })

  it("that no stack was ever started, or none runs, or that its tokens are another's", async () => {
    const { base, env, home } = await place()
    assert.match(await refusal(env, ["open", "--print"]), /start one with stint start/)
    await openDevKey(home, {})
    assert.include(
      await refusal(env, ["open", "--print"]),
      `Nothing answers at http://127.0.0.1:${base}: start the stack`,
    )
    const foreign = { ...env, STINT_JWKS_URL: "https://login.example.com/jwks" }
    assert.include(await refusal(foreign, ["open", "--print"]), `sign in at http://127.0.0.1:${base}`)
  })
})

describe("the gateway of a local stack", () => {
  const flagsOf = (args: ReadonlyArray<string>) =>
    Object.fromEntries(args.filter((arg) => arg.includes("=")).map((arg) => arg.split("=", 2)))

  it("gets a key for its sessions, once, and may sign people in with the stack's own key, on this machine alone", async () => {
    const home = await newFolder()
    await makeSessionKey(home)
    const key = await textOf(sessionKeyFileOf(home))
    assert.match(key!, /^[\w-]{43}\n$/)
    const launchLocal = await gatewayLaunch(settingsOf({ STINT_HOME: home }), true)
    assert.include(flagsOf(launchLocal().args)["--allow-read"], join(home, "keys", "signing.jwk.json"))
    const open = await gatewayLaunch(settingsOf({ STINT_HOME: home, STINT_HOST: "0.0.0.0" }), true)
    assert.notInclude(flagsOf(open().args)["--allow-read"], "signing.jwk.json")
    const launchForeign = await gatewayLaunch(settingsOf({ STINT_HOME: home, STINT_JWKS: "{}" }), false)
    await makeSessionKey(home)
    assert.strictEqual(await textOf(sessionKeyFileOf(home)), key)
    const foreign = launchForeign()
    assert.notInclude(flagsOf(foreign.args)["--allow-read"], "signing.jwk.json")
    assert.notProperty(foreign.env, "STINT_LOCAL_KEY_FILE")
  })

  it("reaches the services, its provider and the provider's other hosts, and no database", async () => {
    const env = {
      STINT_HOME: "/home",
      STINT_OIDC_ISSUER: "https://login.example.com/realm",
      STINT_OIDC_HOSTS: "token.example.com, keys.example.com:8443",
      CATALOG_DATABASE_URL: "postgres://a:b@h/db",
    }
    const given = { databaseHost: undefined, jwksFile: "/k", revokedFile: undefined, tokenFile: undefined }
    const { args, env: seen } = launchOf(settingsOf(env), "gateway", await manifestOf("gateway"), given)
    assert.strictEqual(
      flagsOf(args)["--allow-net"],
      [
        ...[0, 1, 2, 3, 4].map((n) => `127.0.0.1:410${n}`),
        "login.example.com:443",
        "token.example.com",
        "keys.example.com:8443",
      ].join(),
    )
    assert.strictEqual(args.at(-1), "apps/gateway/src/main.ts")
    assert.notProperty(seen, "CATALOG_DATABASE_URL")
    assert.notProperty(flagsOf(args), "--allow-write")
  })
})
