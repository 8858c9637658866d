/** One archive that this machine already installs packages from. */
export interface AptSource {
  uri: string;
  suites: string[];
  components: string[];
  /** Path of the key ring named by the entry. */
  signedBy?: string;
}

/** Reads a deb822 file (`*.sources`): stanzas of `Field: value`, continued on lines that start with white space. */
export function parseDeb822(text: string): AptSource[] {
  return text
    .split(/\n[ \t]*\n/)
    .map(readStanza)
    .filter((stanza) => stanza.get("enabled")?.toLowerCase() !== "no")
    .filter((stanza) => words(stanza.get("types")).includes("deb"))
    .flatMap((stanza) =>
      words(stanza.get("uris")).map((uri) => ({
        uri,
        suites: words(stanza.get("suites")),
        components: words(stanza.get("components")),
        signedBy: keyRingPath(stanza.get("signed-by")),
      })),
    );
}

/** Reads a one-line file (`*.list`): `deb [option=value …] uri suite component …` */
export function parseOneLine(text: string): AptSource[] {
  return text
    .split("\n")
    .map((line) => /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+([^#]*)/.exec(line))
    .filter((match) => match !== null)
    .map(([, options = "", uri = "", rest = ""]) => {
      const [suite = "", ...components] = words(rest);
      const signedBy = /(?:^|\s)signed-by=(\S+)/i.exec(options)?.[1];
      return { uri, suites: [suite], components, signedBy: keyRingPath(signedBy) };
    });
}

const debianReleases = [
  "bullseye",
  "bookworm",
  "trixie",
  "forky",
  "duke",
  "sid",
  "stable",
  "testing",
  "unstable",
];

/**
 * The archives among `sources` that carry Debian itself: a release's main suite with component `main`. Other
 * archives (security updates, other vendors, derivatives) do not have the suite that we look for.
 */
export function debianMirrors(sources: AptSource[]): { uri: string; signedBy?: string }[] {
  const mirrors = new Map<string, { uri: string; signedBy?: string }>();
  for (const { uri, suites, components, signedBy } of sources) {
    const isDebian = suites.some((suite) => debianReleases.includes(suite)) && components.includes("main");
    const isPlain = /^[a-z][a-z+]*:[!-~]+$/.test(uri) && !/[[\]"';]/.test(uri);
    if (isDebian && isPlain && !mirrors.has(uri)) mirrors.set(uri, { uri, signedBy });
  }
  return [...mirrors.values()];
}

function readStanza(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  let name: string | undefined;
  for (const line of text.split("\n")) {
    if (/^\s*#/.test(line)) continue;
    const field = /^([A-Za-z0-9-]+)\s*:(.*)$/.exec(line);
    if (field) {
      name = field[1]?.toLowerCase() ?? "";
      fields.set(name, field[2]?.trim() ?? "");
    } else if (name !== undefined && /^\s/.test(line)) {
      fields.set(name, `${fields.get(name)}\n${line.trim()}`);
    }
  }
  return fields;
}

function words(text = ""): string[] {
  return text.split(/\s+/).filter(Boolean);
}

/** An entry may hold the key itself or a fingerprint instead of a path. */
function keyRingPath(value: string | undefined): string | undefined {
  const first = value?.trim().split(/[\s,]/)[0];
  return first?.startsWith("/") ? first : undefined;
}
