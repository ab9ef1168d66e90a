/** Files on Deno: what was appended is there, whole, whatever a crash left before it. */
import { FileFailure } from "@stint/edge/Files"
import { denoFiles } from "@stint/edge/Serve/DenoFiles"
import { MOST_BYTES } from "@stint/edge/Serve/TextFile"
import { afterAll, assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { execFileSync } from "node:child_process"
import { mkdtemp, open, readFile, rm, stat, symlink, writeFile } from "node:fs/promises"
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

it("reads from a place on, and at the end and past it nothing", async () => {
  const path = join(folder, "read.jsonl")
  await append(path, "one\ntwo")
  const from = async (offset: number, most: number) =>
    new TextDecoder().decode(await Effect.runPromise(denoFiles.readFrom(path, offset, most)))
  assert.deepStrictEqual(await Promise.all([from(0, 3), from(4, 100), from(8, 100), from(9, 100)]), [
    "one",
    "two\n",
    "",
    "",
  ])
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

const readWhy = (path: string) => Effect.runPromise(Effect.map(Effect.flip(denoFiles.read(path)), ({ why }) => why))

it("A4: a pipe, a folder and a device are no file to read, and no read waits for a pipe's writer", async () => {
  const pipe = join(folder, "pipe")
  execFileSync("mkfifo", [pipe])
  assert.strictEqual(await readWhy(pipe), "it is a pipe, not a regular file")
  assert.strictEqual(await readWhy(folder), "it is a folder, not a regular file")
  assert.strictEqual(await readWhy("/dev/null"), "it is a device, not a regular file")
  for (const use of [denoFiles.appendLine(pipe, "line"), denoFiles.readFrom(pipe, 0, 10)]) {
    assert.strictEqual((await Effect.runPromise(Effect.flip(use))).why, "it is not a regular file")
  }
})

it("A4: a file has a most, and a link to a file is read", async () => {
  const path = join(folder, "large")
  const file = await open(path, "w")
  await file.truncate(MOST_BYTES + 1)
  assert.strictEqual(await readWhy(path), "it has more than 8 MiB")
  await file.truncate(MOST_BYTES)
  await file.close()
  assert.strictEqual((await Effect.runPromise(denoFiles.read(path))).length, MOST_BYTES)
  await writeFile(join(folder, "target"), "\uFEFFtext")
  await symlink(join(folder, "target"), join(folder, "link"))
  assert.strictEqual(await Effect.runPromise(denoFiles.read(join(folder, "link"))), "\uFEFFtext")
})
