/** The models that STINT_MODELS names, for the commands. */
import { type Models, parseModels } from "@stint/domain/Models"
import { readTextFile } from "@stint/edge/Serve/TextFile"
import { Result } from "effect"
import { LauncherError, reasonOf } from "./Postgres/LauncherError.ts"

/** Reads the file that STINT_MODELS names; none unless it names one. Fails with a LauncherError that quotes no value of it. */
export const modelsIn = async (env: Readonly<Record<string, string | undefined>>): Promise<Models> => {
  const path = env.STINT_MODELS
  if (!path) return new Map()
  const text = await readTextFile(path).catch((error) => {
    throw new LauncherError(`STINT_MODELS names ${path}, which can't be read: ${reasonOf(error)}.`)
  })
  const models = parseModels(text)
  if (Result.isFailure(models)) throw new LauncherError(`STINT_MODELS names ${path}, a file that ${models.failure}.`)
  return models.success
}
