/** Files on Deno: what was appended is there, whole, whatever a crash left before it. */
import { FileFailure } from "@stint/edge/Files"
import { denoFiles } from "@stint/edge/Serve/DenoFiles"
import { afterAll, assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { execFileSync } from "node:child_process"
import { mkdtemp, readFile, rm, stat, truncate, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

const folder = await mkdtemp(join(tmpdir(), "stint-files-"))
afterAll(() => rm(folder, { recursive: true, force: true }))

const append = (path: string, line: string) => Effect.runPromise(denoFiles.appendLine(path, line))

it("makes the file for its owner alone, and appends line after line", async () => {
  const path = join(folder, "new.jsonl")
  await append(path, "one")
  await append(path, "zwei ü")
  assert.strictEqual(await Effect.runPromise(denoFiles.read(path)), "one\nzwei ü\n")
  assert.strictEqual((await stat(path)).mode & 0o777, 0o600)
})

it("closes a line that a crash left half written", async () => {
  const path = join(folder, "torn.jsonl")
  await writeFile(path, "whole\nha")
  await append(path, "next")
  assert.strictEqual(await readFile(path, "utf8"), "whole\nha\nnext\n")
})

it("many at once do not mix", async () => {
  const path = join(folder, "many.jsonl")
  const lines = Array.from({ length: 50 }, (_, i) => `${i}:`.padEnd(20_000, "x"))
  await Promise.all(lines.map((line) => append(path, line)))
  const written = (await readFile(path, "utf8")).split("\n").filter((line) => line !== "")
  assert.deepStrictEqual(written.toSorted(), lines.toSorted())
})

it("says why it can't", async () => {
  const missing = await Effect.runPromise(Effect.flip(denoFiles.read(join(folder, "none"))))
  assert.instanceOf(missing, FileFailure)
  assert.isTrue(missing.missing)
  const refused = await Effect.runPromise(Effect.flip(denoFiles.appendLine(folder, "line")))
  assert.isFalse(refused.missing)
  assert.isNotEmpty(refused.why)
})

it("C9: what is no regular file, or too large, is refused at once", async () => {
  const pipe = join(folder, "pipe")
  execFileSync("mkfifo", [pipe])
  const large = join(folder, "large")
  await writeFile(large, "")
  await truncate(large, 17 * 1024 * 1024)
  for (const [path, why] of [[pipe, /no regular file/], [folder, /no regular file/], [large, /larger than/]] as const) {
    const refused = await Effect.runPromise(Effect.flip(denoFiles.read(path)))
    assert.deepStrictEqual([refused.missing, why.test(refused.why)], [false, true], refused.why)
  }
})
