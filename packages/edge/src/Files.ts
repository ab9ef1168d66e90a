/** Reading and appending to files; the runtime provides it. */
import { Context, type Effect, Schema } from "effect"

/** A file can't be read or written; `why` is for an operator. */
export class FileFailure extends Schema.TaggedError<FileFailure>()("FileFailure", {
  path: Schema.String,
  /** There is no such file. */
  missing: Schema.Boolean,
  why: Schema.String,
}) {}

/** The files that a service may use. */
export class Files extends Context.Service<Files, {
  /** At most `most` bytes of a file from the byte `offset` on; none at its end. */
  readFrom(path: string, offset: number, most: number): Effect.Effect<Uint8Array, FileFailure>
  /** The whole text of a regular file of at most 8 MiB; anything else at that path is a failure that says what it is. */
  read(path: string): Effect.Effect<string, FileFailure>
  /**
   * Appends one line and returns when it is on the disk (fsync). It creates the file. If a crash left half a line at the
   * end, that line is ended first, so that this one begins on a line of its own.
   */
  appendLine(path: string, line: string): Effect.Effect<void, FileFailure>
}>()("stint/Files") {}
