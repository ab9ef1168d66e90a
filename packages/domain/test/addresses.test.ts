/** Addresses of networks of one's own. */
import { assert, describe, it } from "@effect/vitest"
import { isAddressed, isPrivateAddress } from "../src/Addresses.ts"

describe("an address", () => {
  it.each([
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "198.19.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fc00::1",
    "fdff::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "::ffff:10.0.0.1",
    "::ffff:7f00:1",
    "64:ff9b::a9fe:a9fe",
    "2002:c0a8:0101::1",
    "no address",
  ])("%s is private", (address) => {
    assert.isTrue(isPrivateAddress(address))
  })

  it.each([
    "1.1.1.1",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.167.255.255",
    "223.255.255.255",
    "2606:4700::1111",
    "::ffff:93.184.216.34",
    "64:ff9b::101:101",
    "fbff::1",
  ])("%s is public", (address) => {
    assert.isFalse(isPrivateAddress(address))
  })

  it("is told from a name, as is this machine", () => {
    assert.deepStrictEqual(
      ["127.0.0.1", "[::1]", "localhost", "localhost.example", "1.2.3.4.example"].map(isAddressed),
      [true, true, true, false, false],
    )
  })
})
