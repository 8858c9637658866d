import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { debianMirrors, parseDeb822, parseOneLine } from "../../local/debian/aptSources";

const keyRing = "/usr/share/keyrings/debian-archive-keyring.gpg";

describe("apt's own sources", () => {
  it("are read from deb822 files, comments and continuation lines included", () => {
    const sources = parseDeb822(
      [
        "Types: deb deb-src",
        "# a comment between fields",
        "URIs: http://mirror.test/debian",
        "Suites: bookworm",
        " bookworm-updates",
        "Components: main contrib",
        `Signed-By: ${keyRing}`,
        "",
        "Types: deb-src",
        "URIs: http://mirror.test/source",
        "Suites: bookworm",
        "Components: main",
        "",
        "Enabled: no",
        "Types: deb",
        "URIs: http://off.test/debian",
        "Suites: bookworm",
        "Components: main",
      ].join("\n"),
    );
    assert.deepEqual(sources, [
      {
        uri: "http://mirror.test/debian",
        suites: ["bookworm", "bookworm-updates"],
        components: ["main", "contrib"],
        signedBy: keyRing,
      },
    ]);
  });

  it("are read from one-line files, options and comments included", () => {
    const sources = parseOneLine(
      [
        "# deb http://off.test/debian bookworm main",
        `deb [arch=amd64 signed-by=${keyRing}] https://mirror.test/debian trixie main contrib # mine`,
        "deb-src http://mirror.test/debian trixie main",
        "deb http://plain.test/debian sid main",
      ].join("\n"),
    );
    assert.deepEqual(sources, [
      {
        uri: "https://mirror.test/debian",
        suites: ["trixie"],
        components: ["main", "contrib"],
        signedBy: keyRing,
      },
      { uri: "http://plain.test/debian", suites: ["sid"], components: ["main"], signedBy: undefined },
    ]);
  });

  it("take a key written into the entry itself for no path", () => {
    const [source] = parseDeb822(
      "Types: deb\nURIs: http://m.test/debian\nSuites: sid\nComponents: main\nSigned-By:\n -----BEGIN PGP\n .\n abc\n",
    );
    assert.equal(source?.signedBy, undefined);
  });
});

describe("Debian mirrors", () => {
  const source = (uri: string, suite: string, component = "main") => ({
    uri,
    suites: [suite],
    components: [component],
  });

  it("are the archives of a release's main suite, each once", () => {
    const mirrors = debianMirrors([
      source("http://mirror.test/debian", "bookworm"),
      source("http://mirror.test/debian", "bookworm-updates"),
      source("http://mirror.test/debian", "trixie"),
      source("mirror+file:/etc/apt/mirrors/debian.list", "trixie"),
    ]);
    assert.deepEqual(
      mirrors.map(({ uri }) => uri),
      ["http://mirror.test/debian", "mirror+file:/etc/apt/mirrors/debian.list"],
    );
  });

  it("are not security archives, other vendors or derivatives", () => {
    const mirrors = debianMirrors([
      source("http://mirror.test/debian-security", "bookworm-security"),
      source("http://vendor.test/apt", "nodistro"),
      source("http://mirror.test/ubuntu", "noble"),
      source("http://mirror.test/debian", "bookworm", "contrib"),
    ]);
    assert.deepEqual(mirrors, []);
  });

  it("are not taken from an address that would change the meaning of the source line", () => {
    assert.deepEqual(debianMirrors([source("http://m.test/debian[trusted=yes]", "sid")]), []);
  });
});
