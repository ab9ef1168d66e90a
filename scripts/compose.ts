/**
 * Writes the command lines of the services into docker-compose.yml, with the least Deno permissions for each service's
 * manifest (src/Env.ts), as `stint start` derives them, and the environment in the file. Run it after a
 * change of a manifest or of an environment in the file; a test fails when it was not run.
 */
import { launchOf, manifestOf } from "@stint/cli/Stack/Launch"
import { type ProcessName, serviceNames, settingsOf } from "@stint/cli/Stack/Settings"
import { Yaml } from "effect/encoding"
import { readFile, writeFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"

/** The parts of a service in the file that are read here. */
export interface ComposeService {
  readonly image?: string
  readonly command: ReadonlyArray<string>
  readonly entrypoint?: ReadonlyArray<string>
  readonly environment?: Readonly<Record<string, string>>
  readonly user?: string
  readonly read_only?: boolean
  readonly cap_drop?: ReadonlyArray<string>
  readonly cap_add?: ReadonlyArray<string>
  readonly privileged?: boolean
  readonly security_opt?: ReadonlyArray<string>
  readonly container_name?: string
  readonly ports?: ReadonlyArray<string>
  readonly volumes?: ReadonlyArray<string>
  readonly networks?: ReadonlyArray<string>
  readonly restart?: string
  readonly profiles?: ReadonlyArray<string>
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
  readonly healthcheck?: { readonly test: ReadonlyArray<string> }
}

/** The file. */
export interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>
  readonly networks: Readonly<Record<string, unknown>>
  readonly volumes: Readonly<Record<string, unknown>>
}

/** Parses the text of the file. */
export const parseCompose = (text: string): ComposeFile => Yaml.parse(text) as ComposeFile

const root = new URL("../", import.meta.url)

/** The variables that the profile `observability` is started with. */
export const observabilityEnv = async (): Promise<Readonly<Record<string, string>>> => {
  const lines = (await readFile(new URL("observability/compose.env", root), "utf8")).split("\n")
  return Object.fromEntries(lines.flatMap((line) => {
    const [, name, value] = /^([A-Z_]+)=(.*)$/.exec(line) ?? []
    return name === undefined ? [] : [[name, value!]]
  }))
}

/** A service's environment as Compose makes it, where these variables are set: `${NAME:-default}` is replaced. */
export const interpolated = (
  environment: Readonly<Record<string, string>>,
  variables: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(environment).map(([name, text]) => [
      name,
      text.replaceAll(/\$\{(\w+):-([^}]*)\}/g, (_, variable, fallback) => variables[variable] || fallback),
    ]),
  )

/** The address of Postgres for the services of the file. */
const DATABASE = "postgres:5432"

/** The processes of the file whose command lines are derived. */
export const derivedNames: ReadonlyArray<ProcessName> = ["gateway", ...serviceNames]

/** Where a file of a container lies here: what is mounted from beside the compose file. */
const placedAt = (volumes: ReadonlyArray<string>) => (path: string): string => {
  const mount = volumes.map((volume) => volume.split(":")).find(([source, target]) =>
    source!.startsWith("./") && target === path
  )
  return mount === undefined ? path : fileURLToPath(new URL(`../${mount[0]}`, import.meta.url))
}

/** The command line that a process of the file must have, which also allows what the profile `observability` needs. */
export const commandOf = async ({ services }: ComposeFile, service: ProcessName): Promise<ReadonlyArray<string>> => {
  const env = interpolated(services[service]!.environment ?? {}, await observabilityEnv())
  const { args } = launchOf(settingsOf(env), service, await manifestOf(service), {
    databaseHost: service === "gateway" ? undefined : DATABASE,
    // set in the service's environment
    jwksFile: env.STINT_JWKS_FILE,
    revokedFile: env.STINT_REVOKED_FILE,
    tokenFile: env.STINT_SERVICE_TOKEN_FILE,
    placedAt: placedAt(services[service]!.volumes ?? []),
  })
  return ["deno", ...args]
}

/** The text of the file with the command lines that it must have. */
export const withCommands = async (text: string): Promise<string> => {
  const file = parseCompose(text)
  for (const service of derivedNames) {
    const command = (await commandOf(file, service)).map((word) => `      - ${word}\n`).join("")
    text = text.replace(
      new RegExp(`(\\n  ${service}:\\n(?:    .*\\n)*?    command:\\n)(?:      - .*\\n)+`),
      (_, head) => `${head}${command}`,
    )
  }
  return text
}

if (import.meta.main) {
  const path = new URL("docker-compose.yml", root)
  const text = await readFile(path, "utf8")
  const written = await withCommands(text)
  if (written !== text) {
    await writeFile(path, written)
    console.log("wrote docker-compose.yml")
  }
}
