/** The zones that a field proposes; others that Intl knows can be typed. */

/** Names that people look for and Intl lists under another name, or not at all. */
const asked = ["UTC", "Asia/Kolkata", "Asia/Kathmandu", "Europe/Kyiv", "Asia/Ho_Chi_Minh", "Asia/Yangon"]

/** Names of zones, sorted. */
export const zones: Array<string> = [...new Set([...asked, ...Intl.supportedValuesOf("timeZone")])].sort()
