/** What a service refuses, or why it can't be asked: a sentence, the exit status, and the next step. */

/** A problem as the services answer with it (RFC 9457), with what it adds. */
export interface Problem {
  readonly status: number
  readonly code: string
  readonly title: string
  readonly detail?: string
  readonly errors?: ReadonlyArray<{ readonly path: string; readonly message: string }>
  readonly [field: string]: unknown
}

/** The exit statuses. */
export const EXIT = { failed: 1, usage: 2, notFound: 3, conflict: 4, notAllowed: 5 } as const

/** An exit status that says that a command failed. */
export type ExitStatus = typeof EXIT[keyof typeof EXIT]

/** Why a command failed. Nothing else is thrown by what calls the services, UsageError and LauncherError aside. */
export class Failed extends Error {
  override readonly name = "Failed"
  readonly exit: ExitStatus
  /** What to do next, as a sentence. */
  readonly next: string | undefined
  /** The answer, where a service gave one. */
  readonly problem: Problem | undefined
  /** After how many seconds the service may be asked again, where it refused to look at the request at all. */
  readonly retryAfter: number | undefined
  constructor(
    message: string,
    exit: ExitStatus,
    options: { readonly next?: string; readonly problem?: Problem; readonly retryAfter?: number } = {},
  ) {
    super(message)
    this.retryAfter = options.retryAfter
    this.exit = exit
    this.next = options.next
    this.problem = options.problem
  }
}

const exitOf = (status: number): ExitStatus => {
  if (status === 401 || status === 403) return EXIT.notAllowed
  if (status === 404 || status === 410) return EXIT.notFound
  if (status === 409 || status === 412 || status === 422) return EXIT.conflict
  return status >= 400 && status < 500 && status !== 429 ? EXIT.usage : EXIT.failed
}

/** The next step by the problem's code. */
const steps: Readonly<Record<string, (problem: Problem) => string>> = {
  unauthorized: () => "Sign in again with stint login; on the local stack look that STINT_HOME is the running stack's.",
  wrong_role: ({ allowed_roles }) =>
    `It takes ${Array.isArray(allowed_roles) ? allowed_roles.join(" or ") : "another role"}: on the local stack say ` +
    "--as ROLE:SUBJECT, elsewhere use a token of that role.",
  agent_type_not_found: () => "stint types list names those there are.",
  customer_not_found: () => "stint customers list names those there are.",
  subscription_not_found: () => "stint subs list --customer ID names a customer's.",
  hire_not_found: () => "stint hires list --customer ID names a customer's.",
  goal_not_found: () => "stint goals list HIRE names a hire's.",
  run_not_found: () => "stint runs list names the latest.",
  mandate_not_found: () => "stint mandates list names those there are.",
  deliverable_not_found: () => "stint inbox list --status all names them.",
  dead_letter_not_found: () => "stint dlq list names the open ones.",
  scheduler_paused: () => "stint scheduler resume ends the pause; --force runs it nevertheless.",
  slot_taken: ({ scheduled_run_id }) => `stint runs show ${scheduled_run_id} shows that run.`,
  goal_disabled: () => "stint goals on GOAL switches it on.",
  hire_deactivated: () => "That is final: its customer hires another agent.",
  hire_gone: () => "It was removed 30 days after its subscription ended.",
  hire_not_configured: () => "stint hires show HIRE says what is missing.",
  hire_not_runnable: () => "stint hires show HIRE says what is missing.",
  subscription_not_active: () => "An operator activates it: stint subs activate ID; a canceled one is over.",
  quota_exceeded: () => "Remove what is not needed any more; docs/limits.md has the quotas.",
  schedule_not_evaluable: () => "stint goals preview GOAL says when its rule fires.",
  simulation_too_large: () => "Simulate fewer days, or fewer hires.",
  revision_changed: () => "Look at it again with stint inbox show ID, then decide.",
  already_reviewed: () => "stint inbox show ID says how.",
  deliverable_expired: () => "Run its goal again: stint goals run GOAL.",
  in_revision: () => "stint inbox show ID says when the next revision is there.",
  separate_editor: () => "Another person of the customer approves it.",
  too_many_revisions: () => "Edit, approve or reject it.",
  not_withdrawable: () => "stint inbox show ID says which approvals count.",
  approval_expired: () => "Its customer approves it again: stint inbox approve ID.",
  duty_missing: ({ duty }) => `It takes a token with the duty ${duty}.`,
  draft_invalid: () => "It can be rejected: stint inbox reject ID.",
  not_approved: () => "Approve it first: stint inbox approve ID.",
  already_executed: () => "stint inbox show ID says when.",
  deliverable_gone: () => "It was deleted; its approvals stay.",
  execution_in_progress: () => "stint inbox show ID says when the next attempt is.",
  target_changed: () => "Its customer decides again: stint inbox approve ID.",
  content_changed: () => "Its customer decides again: stint inbox approve ID.",
  run_final: () => "stint runs show ID says how it ended.",
  dead_letter_closed: () => "stint dlq show ID says how; only an open one can be retried or discarded.",
  dead_letter_queued: () => "stint dlq show ID says how they stand.",
  agent_type_immutable: () => "Publish the change under a new version.",
  rate_limited: () => "Wait a moment, then try again.",
  unavailable: () => "Try again; stint doctor says which service is away.",
  bad_gateway: () => "It may have been done: look before you try again. stint doctor says which service is away.",
  gateway_timeout: () => "It may have been done: look before you try again.",
  idempotency_in_flight: () => "The first try is still under way: try again in a moment.",
  internal_error: () => "The service's log has it under the request_id that --json shows.",
  row_unreadable: () => "The service's log says which row; a repetition does not help.",
  body_too_large: () => "docs/bounds.md says how large a body may be.",
  precondition_failed: () => "It was changed meanwhile: try again.",
}

const sentence = (text: string): string => /[.!?]$/.test(text) ? text : `${text}.`

/** What the problem says of itself. */
export const problemWords = ({ detail, errors, title }: Problem): string => {
  const faults = errors?.slice(0, 5).map(({ message, path }) => `${path} ${message}`).join("; ")
  const more = faults || detail
  return sentence(more === undefined || more === "" ? title : `${title}: ${more}`)
}

/** The failure that a problem is. */
export const failedBy = (problem: Problem, retryAfter?: number): Failed => {
  const next = Object.hasOwn(steps, problem.code) ? steps[problem.code]!(problem) : undefined
  return new Failed(problemWords(problem), exitOf(problem.status), {
    problem,
    ...(problem.status === 429 && retryAfter !== undefined ? { retryAfter } : {}),
    ...(next === undefined ? {} : { next }),
  })
}
