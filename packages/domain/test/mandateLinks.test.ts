/** Links in texts, as mandates see them: also those that someone tries to hide. */
import { assert, describe, it } from "@effect/vitest"
import { hostPattern, hostsOf, UNREADABLE } from "../src/deliverables/Mandates/Links.ts"

const found = (text: string) => [...hostsOf(text)].map((host) => host === UNREADABLE ? "?" : host)

describe("links", () => {
  it("lead to the hosts that a browser would open", () => {
    assert.deepStrictEqual(found("See https://Good.Example:8443/a.html?x=b.html and good.example."), ["good.example"])
    assert.deepStrictEqual(found("[one](https://good.example/a.html)[two](evil.example)"), [
      "good.example",
      "evil.example",
    ])
    assert.deepStrictEqual(found("[one](https://good.example)[two](https://evil.example)"), [
      "good.example",
      "evil.example",
    ])
    assert.deepStrictEqual(found("mail me@good.example, first.last@good.example"), ["good.example"])
    assert.deepStrictEqual(found("http://xn--mnchen-3ya.example http://münchen.example"), ["xn--mnchen-3ya.example"])
    assert.deepStrictEqual(found("//evil.example/x \\\\evil.example"), ["evil.example"])
    assert.deepStrictEqual(found("http://2130706433/ and http://0x7f.1/"), ["127.0.0.1"])
    assert.deepStrictEqual(found("http://[::1]:80/x"), ["[::1]"])
    assert.deepStrictEqual(found("**https://good.example** _good.example_ <good.example>"), ["good.example"])
    assert.deepStrictEqual(found("good。example はよい。次の文。"), ["good.example"])
  })

  it("are not seen in sentences, numbers and abbreviations", () => {
    for (
      const text of [
        "Brush twice a day. Then rinse.",
        "3.5 of 10, e.g. U.S.A. costs Rs.500 at 9.30",
        "Wait... what? Either/or, and // or",
        "Note: the https: scheme",
        "今日は。明日も。",
        "दाँत साफ़ रखें। रोज़।",
      ]
    ) assert.deepStrictEqual(found(text), [], text)
  })

  it("that hide where they lead can't be read, and are none that a mandate covers", () => {
    for (
      const text of [
        "https://good.example@evil.example/",
        "https://good.example:443@evil/",
        "https://good.example(@evil/",
        "https://",
        "https:///",
        "http://a b:99999/".replace("a b", "a%zz"),
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "java\tscript:alert(1)",
        "[x](data:text/html,hi)",
        "https://" + "a".repeat(400),
        "https://good.example'" + "a".repeat(400) + "@evil/",
      ]
    ) assert.include(found(text), "?", text)
    for (
      const text of [
        "https:\\\\evil.example",
        "https:evil.example",
        "https:/evil.example",
        "HTTPS://EVIL.EXAMPLE",
        "https://evil%2Eexample/",
        "https://ev\u00adil.example",
        "https://evil．example",
        "https://ｅvil.example",
        "evil&#46;example",
        "https&colon;&sol;&sol;evil&period;example",
        "evil\\.example",
        "https://good.example/https://evil.example/",
        "https://good.example/?to=//evil.example",
        "https://good.example)evil.example",
        "good.example@evil.example",
        "_evil.example_",
        "...evil.example",
        "slack://evil.example/x",
        "<a href='//evil.example'>",
        "x://evil.example.",
      ]
    ) assert.include(found(text), "evil.example", text)
    // a look-alike is another host
    assert.match(found("https://gооd.example").join(), /^xn--[a-z0-9-]+\.example$/)
    assert.notInclude(found("https://gооd.example"), "good.example")
  })

  it("a pattern is a host, or every host below one", () => {
    assert.deepStrictEqual(
      ["Good.Example", "*.good.example", "münchen.example", "[::1]", "*.1.2.3.4"].map(hostPattern),
      [
        "good.example",
        "*.good.example",
        "xn--mnchen-3ya.example",
        "[::1]",
        undefined,
      ],
    )
  })

  it("are read whatever is repeated: no text makes the reading slow", () => {
    for (const part of ["a", "//a", "a.", "@", "https://a", "&#", "\\", "a@", "[", "http:"]) {
      // what grows with the square of the text would not end in the time of a test
      assert.isAtMost(hostsOf(part.repeat(200_000 / part.length)).size, 2, part)
    }
  })
})
