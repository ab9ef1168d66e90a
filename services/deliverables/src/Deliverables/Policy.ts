/** The checks that every use of a deliverable begins with: ownership, deletion, retention, subscription. */
import { type Caller, canSee } from "@stint/domain/Caller"
import { RETENTION } from "@stint/domain/Retention"
import { type DeliveryTarget, HireSettings } from "@stint/domain/Definition/HireSettings"
import {
  DeliverableGone,
  DeliverableNotFound,
  DeliverablesHireDeactivated,
  SubscriptionEnded,
} from "@stint/domain/deliverables/Deliverables"
import type { LookedUpHire } from "@stint/domain/hiring/Feed"
import { DateTime, Option, Result, Schema } from "effect"
import type { DeliverableRow } from "./Row.ts"

/** 404 when it does not exist for the caller. Deleted ones pass. */
export const visible = (
  found: Option.Option<DeliverableRow>,
  caller: Caller,
  id: string,
): Result.Result<DeliverableRow, DeliverableNotFound> =>
  Option.isSome(found) && canSee(caller, found.value.customer_id)
    ? Result.succeed(found.value)
    : Result.fail(new DeliverableNotFound({ detail: id }))

/** 410 when it is deleted. */
export const notDeleted = (row: DeliverableRow): Result.Result<DeliverableRow, DeliverableGone> =>
  row.deleted_at === null ? Result.succeed(row) : Result.fail(
    new DeliverableGone({
      detail: `${row.deliverable_id} was deleted on ${
        DateTime.formatIso(row.deleted_at)
      }; its approvals can still be read`,
    }),
  )

/** 410 when its hire is past its retention. Else the hire. */
export const notRetired = (
  row: DeliverableRow,
  hire: LookedUpHire | undefined,
): Result.Result<LookedUpHire, DeliverableGone> =>
  hire !== undefined && !hire.gone ? Result.succeed(hire) : Result.fail(
    new DeliverableGone({
      detail: `${row.hired_instance_id} is past the ${RETENTION.endedHires} days after its subscription's end`,
    }),
  )

/** 409 when the subscription is canceled. A past-due one may be reviewed and executed (domain.md, "States"). */
export const notCanceled = (hire: LookedUpHire): Result.Result<LookedUpHire, SubscriptionEnded> =>
  hire.subscription_status === "canceled"
    ? Result.fail(
      new SubscriptionEnded({
        detail: `${hire.subscription_id} is canceled: its drafts can be read, not reviewed or executed`,
      }),
    )
    : Result.succeed(hire)

/** 409 when the hire is deactivated, which is final: then nothing of it is decided or done (domain.md, "States"). */
export const notDeactivated = (hire: LookedUpHire): Result.Result<LookedUpHire, DeliverablesHireDeactivated> =>
  hire.active === false
    ? Result.fail(
      new DeliverablesHireDeactivated({
        detail: `${hire.hired_instance_id} is deactivated: its drafts can be read, not reviewed or executed`,
      }),
    )
    : Result.succeed(hire)

const decodeSettings = Schema.decodeUnknownOption(HireSettings)

/**
 * The target that the hire's settings name now; the journal by default. Settings that don't decode become a webhook
 * without a url, which fails permanently: content of an unknown target must not go to the journal.
 */
export const targetOf = (hire: LookedUpHire): DeliveryTarget => {
  const settings = decodeSettings(hire.settings)
  if (Option.isNone(settings)) return { target: "webhook" }
  const { target = "journal", ...rest } = settings.value.execution ?? {}
  return { target, ...rest }
}

/**
 * Whether its hire may be past its retention. The subscription had not ended when the deliverable was made, so within the
 * retention after that hiring need not be asked.
 */
export const mayBeRetired = (row: Pick<DeliverableRow, "created_at">, now: DateTime.Utc): boolean =>
  DateTime.toEpochMillis(row.created_at) < DateTime.toEpochMillis(now) - RETENTION.endedHires * 86_400_000
