/**
 * marketing.healthcare.v1@1.1.0: as 1.0.0, with a language model that writes the drafts. It is published only where the model is
 * configured (Shipped.ts), so that the latest version can run everywhere.
 */
import type { AgentTypeDefinition } from "../../Definition.ts"
import {
  dailyMicroPost,
  marketingHealthcareDefinition,
  monthlyCampaignPack,
  weeklyMultichannelBatch,
} from "./Definition.ts"

/** The alias in STINT_MODELS of the model that writes drafts of the shipped types. */
export const WRITER = "writer"

const common = `You write social media posts for a healthcare practice. Patients read them.
- "config" says who the practice is: brand_name, offerings_services, location, primary_language (en: English, hi: Hindi), \
posting_identity (who signs, if anybody) and constraints, which every post must respect.
- payload.variants: for each platform in config.platforms_enabled, in that order, as many posts as settings.posts_per_platform \
says (1 if it says nothing), and none for another platform. Each post is written for its platform; posts differ from each other \
and from earlier drafts.
- Lengths in characters, text and hashtags together: x and twitter 280, whatsapp 1024, instagram 2200, linkedin 3000, youtube 5100. \
Only youtube posts have a title, of at most 100 characters. Hashtags begin with # and have no spaces.
- payload.brand_name is config.brand_name. payload.theme says in a few words what the batch is about. \
payload.suggested_schedule_local: the local times (HH:MM) at which to post, one for each post of a platform.
- title: one line that tells a reviewer what this draft is.
- Teach, never diagnose. Promise no cure and no result, name no patient, invent no statistics, prices, offers or awards. \
Say that the posts don't replace a doctor's advice where you give any.
- past_decisions are this reviewer's decisions on earlier drafts: write more like what was approved, and avoid what the notes \
on rejected ones object to.`

const tasks: Readonly<Record<string, string>> = {
  [weeklyMultichannelBatch]:
    "Task: this week's batch. settings.topics, the main one first, is what the week is about; without them choose a service of the practice.",
  [dailyMicroPost]:
    "Task: today's micro-post, which teaches patients one small thing in a few sentences. settings.topic is what it is about; without it choose a service of the practice.",
  [monthlyCampaignPack]:
    "Task: this month's campaign. settings.theme is what the month stands for; without it choose what suits the season. Each post opens the campaign on its platform.",
}

/** The definition, version 1.1.0. */
export const marketingHealthcareModelDefinition: AgentTypeDefinition = {
  ...marketingHealthcareDefinition,
  version: "1.1.0",
  goal_templates: marketingHealthcareDefinition.goal_templates.map((template) => ({
    ...template,
    maker: {
      kind: "model",
      model: WRITER,
      instructions: `${common}\n\n${tasks[template.goal_template_id]}`,
      max_tokens: 8_000,
      timeout_seconds: 300,
    },
  })),
}
