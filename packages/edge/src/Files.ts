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
   * Appends a line, or several with a newline between them, and returns when they are on the disk (one fsync). It creates the
   * file. If a crash left half a line at the end, that line is ended first, so that these begin on a line of their own.
   */
  appendLine(path: string, lines: string): Effect.Effect<void, FileFailure>
}>()("stint/Files") {}
