/**
 * Writes the command lines of the services into docker-compose.yml: the least permissions under which each does what its
 * manifest says, derived as `stint start` derives them, from the file's own environment. Run it after a manifest
 * (services/<name>/src/Env.ts) or an environment in the file was changed; a test fails when it was not.
 */
import { launchOf, manifestOf } from "@stint/cli/Stack/Launch"
import { type ServiceName, serviceNames, settingsOf } from "@stint/cli/Stack/Settings"
import { Yaml } from "effect/encoding"
import { readFile, writeFile } from "node:fs/promises"

/** A service of the file, as far as it is read here. */
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
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
  readonly healthcheck?: { readonly test: ReadonlyArray<string> }
}

/** The file. */
export interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>
  readonly networks: Readonly<Record<string, unknown>>
  readonly volumes: Readonly<Record<string, unknown>>
}

/** Reads the file's text. */
export const parseCompose = (text: string): ComposeFile => Yaml.parse(text) as ComposeFile

/** Where Postgres is for the services of the file. */
const DATABASE = "postgres:5432"

/** The command line that a service of the file has to have. */
export const commandOf = async ({ services }: ComposeFile, service: ServiceName): Promise<ReadonlyArray<string>> => {
  const env = services[service]!.environment ?? {}
  const { args } = launchOf(settingsOf(env), service, await manifestOf(service), {
    databaseHost: DATABASE,
    // From the service's own file of variables
    jwks: undefined,
    tokenFile: env.STINT_SERVICE_TOKEN_FILE,
  })
  return ["deno", ...args]
}

/** The text with the command lines as they have to be. */
export const withCommands = async (text: string): Promise<string> => {
  const file = parseCompose(text)
  for (const service of serviceNames) {
    const command = (await commandOf(file, service)).map((word) => `      - ${word}\n`).join("")
    text = text.replace(
      new RegExp(`(\\n  ${service}:\\n(?:    .*\\n)*?    command:\\n)(?:      - .*\\n)+`),
      (_, head) => `${head}${command}`,
    )
  }
  return text
}

if (import.meta.main) {
  const path = new URL("../docker-compose.yml", import.meta.url)
  const text = await readFile(path, "utf8")
  const written = await withCommands(text)
  if (written !== text) {
    await writeFile(path, written)
    console.log("wrote docker-compose.yml")
  }
}
