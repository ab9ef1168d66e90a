/** Posts in English. */
import type { Copy } from "./Copy.ts"

/** For primary_language en. */
export const english: Copy = {
  openings: [
    ({ subject }) => `${subject}: what is worth knowing before your next visit?`,
    ({ subject }) => `Let's talk about ${subject}.`,
    ({ subject }) => `Questions about ${subject}? You are not the only one.`,
    ({ subject }) => `${subject}, in plain words.`,
    ({ subject }) => `One small step today: learn one new thing about ${subject}.`,
    ({ subject }) => `Many people ask us about ${subject}.`,
    ({ subject }) => `Thinking about ${subject}? Start with the basics.`,
    ({ subject }) => `Your health, your questions. Today: ${subject}.`,
    ({ subject }) => `Give ${subject} a few quiet minutes of your day.`,
    ({ subject }) => `Before you search the web for ${subject}, read this.`,
  ],
  titles: [
    ({ subject }) => `${subject}: what to know before your visit`,
    ({ subject }) => `Let's talk about ${subject}`,
    ({ subject }) => `Your questions about ${subject}`,
    ({ subject }) => `${subject} in plain words`,
    ({ subject }) => `One new thing about ${subject}`,
    ({ subject }) => `What people ask us about ${subject}`,
    ({ subject }) => `${subject}: the basics`,
    ({ subject }) => `Today's question: ${subject}`,
    ({ subject }) => `A few quiet minutes on ${subject}`,
    ({ subject }) => `Read this before you search for ${subject}`,
  ],
  teachings: [
    "Write your questions down before a visit; the ones that matter most slip away easily once you are in the room.",
    "Bring past reports and a list of your medicines: they help your doctor see the whole picture.",
    "Symptoms differ from person to person, so talk to a qualified professional before you draw conclusions.",
    "Sleep, food and movement are worth a word at every check-up, even when nothing hurts.",
    "Tell your care team about allergies and ongoing treatments, also when they seem unrelated.",
    "If something worries you, there is no need to wait until it is urgent: ask early.",
    "Knowing your options makes a decision calmer. Ask what each of them would mean for you.",
    "Please don't start, change or stop a medicine on your own; speak with your doctor first.",
    "Regular check-ups give you and your doctor something to compare with.",
    "Family history matters. Ask at home, and share what you learn with your doctor.",
  ],
  offers: [
    ({ service, brand, location }) => `At ${brand} in ${location} we take time for ${service}.`,
    ({ service, brand, location }) => `${brand} is here for ${location}, with ${service} and time for your questions.`,
    ({ service, brand, location }) =>
      `Looking for ${service} in ${location}? The team at ${brand} is glad to explain what to expect.`,
    ({ service, brand }) => `For ${service}, the people at ${brand} will walk you through every step.`,
  ],
  invites: [
    ({ brand, location }) => `Talk to the team at ${brand}, ${location}.`,
    ({ brand }) => `Ask us at your next visit to ${brand}.`,
    ({ brand }) => `Message ${brand} to find a time that suits you.`,
    ({ brand, location }) => `Know someone in ${location} who wonders too? Share this from ${brand}.`,
    ({ brand, location }) => `${brand} is in ${location}, and happy to hear your question.`,
  ],
  asks: [
    "Send us your question; we read every one.",
    "Ask us at your next visit.",
    "Message us to find a time that suits you.",
    "Know someone who wonders too? Share this with them.",
    "Tell us in a comment what you would like to read about next.",
  ],
  greeting: ({ brand }) => `Hello from ${brand}!`,
  inThisVideo: "In this video:",
  signature: (by) => `Yours, ${by}`,
  disclaimer: "This is general information. It does not replace the advice of your doctor.",
  tags: ["PatientEducation", "HealthAwareness", "PreventiveCare", "AskYourDoctor"],
  unnamed: "our clinic",
}
