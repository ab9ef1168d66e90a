/** The files of the machine, where there are any: a capability that the runtime which hosts a service gives it. */
import { Context, type Effect, Schema } from "effect"

/** A file that can't be read or written, and why, in words for an operator. */
export class FileFailure extends Schema.TaggedError<FileFailure>()("FileFailure", {
  path: Schema.String,
  /** There is no such file. */
  missing: Schema.Boolean,
  why: Schema.String,
}) {}

/** Reading, and appending so that it lasts. */
export class Files extends Context.Service<Files, {
  /** The whole text of a file. */
  read(path: string): Effect.Effect<string, FileFailure>
  /**
   * Adds one line and returns once it is on the disk; makes the file when there is none. What a crash left half written
   * at its end is closed first, so that it does not spoil this line.
   */
  appendLine(path: string, line: string): Effect.Effect<void, FileFailure>
}>()("stint/Files") {}
