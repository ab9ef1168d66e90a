/** Starts the Postgres of the home given, prints one line about it and holds it until it is killed. */
import { startPostgres } from "../../src/Postgres.ts"

try {
  const postgres = await startPostgres({ home: Deno.args[0]!, log: () => {} })
  console.log(JSON.stringify({ port: postgres.port, adopted: postgres.adopted }))
  setInterval(() => {}, 1_000)
} catch (error) {
  console.log(JSON.stringify({ failure: String((error as Error).message) }))
}
