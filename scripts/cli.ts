/** Writes the reference of the commands in docs/cli.md, from their tables. */
import { loadAll } from "@stint/cli/commands/All"
import { manualOf, withManual } from "@stint/cli/Manual"

const path = new URL("../docs/cli.md", import.meta.url)
await Deno.writeTextFile(path, withManual(await Deno.readTextFile(path), manualOf(await loadAll())))
