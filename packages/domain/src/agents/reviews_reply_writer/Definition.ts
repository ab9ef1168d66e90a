/**
 * The agent that answers reviews for a small business: reviews.reply_writer.v1@1.0.0. It is data alone: its drafts are documents of
 * the generic maker, which lay the review and the business's own words before the person who answers.
 */
import { AgentTypeDefinition, type Field } from "../../Definition.ts"

/** The agent type's id, the same in every version. */
export const reviewsReplyWriter = "reviews.reply_writer.v1"

/** The ids of its goal templates. */
export const replyToReview = "reviews.reply_to_review.v1"
export const weeklyReplies = "reviews.weekly_replies.v1"
export const reviewRequest = "reviews.review_request.v1"

const platforms = ["google", "facebook", "instagram", "tripadvisor", "zomato", "justdial", "practo", "other"]

const config: ReadonlyArray<Field> = [
  {
    key: "nickname",
    label: "Nickname",
    type: "text",
    required: true,
    description: "What you call this agent, such as: Ravi at the desk",
  },
  {
    key: "primary_language",
    label: "Language",
    type: "enum",
    required: true,
    options: ["en", "hi"],
    description: "en for English, hi for Hindi: of requests, and of replies to reviews without words",
  },
  {
    key: "timezone",
    label: "Time zone",
    type: "text",
    required: true,
    format: "iana_timezone",
    description: "Where your customers are, such as: Asia/Kolkata",
  },
  {
    key: "business_name",
    label: "Name of the business",
    type: "text",
    required: true,
    description: "As your customers know it",
  },
  {
    key: "business_kind",
    label: "Kind of business",
    type: "text",
    required: true,
    description: "What you do, such as: family restaurant, bicycle repairs",
  },
  {
    key: "tone",
    label: "Tone",
    type: "enum",
    required: true,
    options: ["warm", "brief", "formal"],
  },
  {
    key: "own_words",
    label: "In your own words",
    type: "list",
    item_type: "text",
    required: false,
    description: "Replies that you have written: new ones should sound like them",
  },
  {
    key: "contact",
    label: "Contact for unhappy customers",
    type: "text",
    required: false,
    description: "Where they reach you in person, such as a phone number",
  },
  {
    key: "never_mention",
    label: "Never mention",
    type: "list",
    item_type: "text",
    required: false,
    description: "Words that no reply may have, such as: refund, the name of a competitor",
  },
]

const review: ReadonlyArray<Field> = [
  { key: "review", label: "Review", type: "text", required: true, description: "What the customer wrote" },
  { key: "rating", label: "Stars", type: "number", required: true, min_exclusive: 0, description: "1 to 5" },
  { key: "reviewer", label: "Reviewer", type: "text", required: false, description: "The name that the review shows" },
  { key: "platform", label: "Where", type: "enum", required: false, options: platforms },
]

/** The definition, version 1.0.0. */
export const reviewsReplyWriterDefinition: AgentTypeDefinition = {
  agent_type_id: AgentTypeDefinition.fields.agent_type_id.make(reviewsReplyWriter),
  version: "1.0.0",
  config_schema: { fields: config },
  goal_templates: [
    {
      goal_template_id: replyToReview,
      name: "Reply to a review",
      default_frequency: "on_demand",
      settings_schema: { fields: review },
      skill_binding: "review_replies",
    },
    {
      goal_template_id: weeklyReplies,
      name: "Replies to the week's reviews",
      default_frequency: "weekly",
      settings_schema: {
        fields: [{
          key: "reviews",
          label: "Reviews",
          type: "list",
          item_type: "object",
          required: true,
          min_items: 1,
          description: "Those that wait for a reply",
          fields: review,
        }],
      },
      skill_binding: "review_replies",
    },
    {
      goal_template_id: reviewRequest,
      name: "Request for reviews",
      default_frequency: "monthly",
      settings_schema: {
        fields: [
          {
            key: "occasion",
            label: "Occasion",
            type: "text",
            required: false,
            description: "What customers are thanked for, such as: this month's visits",
          },
          { key: "link", label: "Link", type: "text", required: false, description: "Where they can write a review" },
        ],
      },
      skill_binding: "review_replies",
    },
  ],
  enforcement_defaults: { approval_required: true, deterministic: false },
}
