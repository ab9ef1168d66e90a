/** Settings that list hosts or hold a url: read as what they plainly mean, or refused in a sentence that names them. */
import { assert, describe, it } from "@effect/vitest"
import { isAllowed, mayBePrivate, parseHostList, parseHttpUrl, placeOf } from "../src/HostList.ts"

describe("a list of hosts", () => {
  it.each<[string, ReadonlyArray<string>]>([
    ["", []],
    [" , ,", []],
    ["hooks.example.com", ["hooks.example.com"]],
    ["Hooks.Example.COM:8443 ,\tlocalhost:80", ["hooks.example.com:8443", "localhost:80"]],
    ["[::1]:9001,[2001:DB8:0::1]", ["[::1]:9001", "[2001:db8::1]"]],
    ["bücher.example:443", ["xn--bcher-kva.example:443"]],
    ["127.1:80", ["127.0.0.1:80"]],
    ["acme=hooks.acme.example:443, a:b|c.d-e@f=x", ["hooks.acme.example:443", "x"]],
    [" acme = hooks.acme.example ", ["hooks.acme.example"]],
  ])("D18: %j is read", (text, places) => {
    assert.deepStrictEqual(parseHostList("HOSTS", text).map(placeOf), places)
  })

  it.each<[string, RegExp]>([
    ["https://hooks.example.com", /is a url; give its host alone/],
    ["ok.example, *.example.com", /"\*\.example\.com", which has a wildcard/],
    ["*", /has a wildcard/],
    ["hooks.example.com.", /ends its host with a dot/],
    ["hooks.example.com.:443", /ends its host with a dot/],
    ["::1", /IPv6 address without its brackets/],
    ["2001:db8::1:443", /IPv6 address without its brackets/],
    ["hooks.example.com:0", /port that is no number from 1 to 65535/],
    ["hooks.example.com:65536", /port that is no number/],
    ["hooks.example.com:https", /port that is no number/],
    ["hooks.example.com:", /port that is no number/],
    [":443", /has no host/],
    ["hooks.example.com : 8443", /has a space in it/],
    ["a.example b.example", /has a space in it/],
    ["a.example;b.example", /has a host that can't be read/],
    ["hooks.example.com/path", /more than a host and a port/],
    ["user@hooks.example.com", /more than a host and a port/],
    ["=hooks.example.com", /names no customer/],
    ["no such customer!=hooks.example.com", /names no customer/],
    ["[::1", /can't be read/],
    ["300.1.1.1", /can't be read/],
  ])("D18: %j is refused in a sentence that names the setting", (text, why) => {
    assert.throws(() => parseHostList("STINT_WEBHOOK_HOSTS", text), why)
    assert.throws(() => parseHostList("STINT_WEBHOOK_HOSTS", text), /^STINT_WEBHOOK_HOSTS has the entry "/)
  })

  it("A1: allows a host to everybody, or to one customer alone, at any port or at one", () => {
    const list = parseHostList("HOSTS", "any.example, one.example:8443, acme=own.example")
    const may = (url: string, customer: string) => isAllowed(list, new URL(url), customer)
    assert.isTrue(may("https://ANY.example:1/", "globex"))
    assert.isTrue(may("https://one.example:8443/", "globex"))
    assert.isFalse(may("https://one.example/", "globex"))
    assert.isTrue(may("https://own.example/", "acme"))
    assert.isFalse(may("https://own.example/", "globex"))
    assert.isFalse(may("https://own.example/", "ACME"))
  })

  it("holds a name to public addresses, unless it is an address or its entry says otherwise", () => {
    const list = parseHostList(
      "STINT_MAKER_HOSTS",
      "a.example, b.example:8443+private, acme=c.example+private, 10.0.0.1, localhost:9, [::1]",
    )
    const may = (url: string, customer = "globex") => mayBePrivate(list, new URL(url), customer)
    assert.deepStrictEqual(list.map(placeOf)[1], "b.example:8443")
    assert.deepStrictEqual(
      ["http://a.example", "http://b.example", "http://c.example"].map((url) => may(url)),
      [false, false, false],
    )
    assert.deepStrictEqual(
      ["http://b.example:8443", "http://10.0.0.1", "http://localhost:9", "http://[::1]:4"].map((url) => may(url)),
      [true, true, true, true],
    )
    assert.isTrue(may("http://c.example", "acme"))
    assert.throws(
      () => parseHostList("STINT_WEBHOOK_HOSTS", "a.example+private"),
      /ends with \+private, which is for STINT_MAKER_HOSTS alone/,
    )
  })
})

describe("a url", () => {
  it.each<[string, string]>([
    [" https://hooks.example.org/a?b=c ", "https://hooks.example.org/a?b=c"],
    ["HTTP://Host:4101", "http://host:4101/"],
    ["http://[::1]:4101/", "http://[::1]:4101/"],
  ])("D18: %j is read", (text, href) => {
    assert.strictEqual(parseHttpUrl("X_URL", text).href, href)
  })

  it.each<[string, RegExp]>([
    ["host:4101", /^X_URL must be a url like/],
    ["ftp://host/", /^X_URL must be a url like/],
    ["http:/host", /^X_URL must be a url like/],
    ["http://", /^X_URL must be a url like/],
    ["http://host:99999", /^X_URL must be a url like/],
    ["http://a b/", /^X_URL must be a url like/],
    ["http://a, http://b", /^X_URL must be a url like/],
    ["https://user:hunter2@host/", /^X_URL must not hold a user name/],
    ["https://*.example.com/", /^X_URL is a url that has a wildcard/],
    ["https://example.com./", /^X_URL is a url that ends its host with a dot/],
    ["https://example.com/#part", /^X_URL has a part after #/],
  ])("D18: %j is refused in a sentence that names the setting, and shows none of it", (text, why) => {
    assert.throws(() => parseHttpUrl("X_URL", text), why)
    assert.throws(() => parseHttpUrl("X_URL", text), /^(?!.*hunter2)/)
  })
})
